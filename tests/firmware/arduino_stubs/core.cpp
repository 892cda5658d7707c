/* A core for a host process: Serial is standard input and output. The process ends when the other
 * side is gone. It takes few bytes at once, and a restart is an exit status. */
#include "Arduino.h"

#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

HardwareSerial Serial;

static uint64_t nanoseconds()
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

unsigned long millis()
{
    return static_cast<unsigned long>(nanoseconds() / 1000000u);
}

unsigned long micros()
{
    return static_cast<unsigned long>(nanoseconds() / 1000u);
}

void delay(unsigned long ms)
{
    (void)poll(NULL, 0, static_cast<int>(ms));
}

static bool waits(int ms)
{
    struct pollfd console = {STDIN_FILENO, POLLIN, 0};
    return poll(&console, 1, ms) > 0;
}

void yield(void)
{
    (void)waits(4);
}

void HardwareSerial::begin(unsigned long)
{
    struct termios mode;
    if (tcgetattr(STDIN_FILENO, &mode) == 0) {
        cfmakeraw(&mode);
        tcsetattr(STDIN_FILENO, TCSANOW, &mode);
    }
}

size_t HardwareSerial::setRxBufferSize(size_t size)
{
    return size;
}

int HardwareSerial::available()
{
    return waits(0) ? 1 : 0;
}

int HardwareSerial::read()
{
    unsigned char byte;
    if (::read(STDIN_FILENO, &byte, 1) != 1) {
        exit(0);
    }
    return byte;
}

size_t HardwareSerial::write(uint8_t byte)
{
    return write(&byte, 1);
}

size_t HardwareSerial::write(const uint8_t *data, size_t size)
{
    const ssize_t sent = ::write(STDOUT_FILENO, data, size < 63 ? size : 63);
    return sent > 0 ? static_cast<size_t>(sent) : 0;
}

void HardwareSerial::flush()
{
}

HardwareSerial::operator bool()
{
    return true;
}

int main()
{
    setup();
    for (;;) {
        loop();
    }
}
