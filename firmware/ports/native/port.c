/* The port of a host process: the console is standard input and output, the counter is
 * nanoseconds of the monotonic clock.
 *
 * The process ends when the other side of the console is gone, so that it never outlives the
 * program that started it. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tnf_port.h"

/* A process that waits for its host must not take a whole core: an empty read gives the
 * processor away until something arrives, at most this long. */
#define IDLE_MS 4

#define PIECE_BYTES 256

static struct timespec started;
static bool sending; /* and not all of it: the other side takes it slowly, or not at all */

/* Raw: no echo, no line editing, every byte as it is. A heartbeat that a terminal echoed would
 * come back as if the host had sent it. */
static void make_raw(int fd)
{
    struct termios mode;
    if (tcgetattr(fd, &mode) != 0) {
        return; /* a pipe or a file */
    }
    mode.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    mode.c_oflag &= ~(tcflag_t)OPOST;
    mode.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    mode.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    mode.c_cflag |= (tcflag_t)CS8;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    (void)tcsetattr(fd, TCSANOW, &mode);
}

static struct timespec now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

void tnf_port_init(void)
{
    started = now();
    make_raw(STDIN_FILENO);
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    const struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    const struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
    struct pollfd console[] = {input, output};
    if (poll(console, sending ? 2 : 1, IDLE_MS) <= 0 || console[0].revents == 0 || capacity == 0) {
        return 0;
    }
    ssize_t taken = read(STDIN_FILENO, buffer, capacity);
    if (taken > 0) {
        return (size_t)taken;
    }
    if (taken < 0 && (errno == EINTR || errno == EAGAIN)) {
        return 0;
    }
    exit(EXIT_SUCCESS); /* end of file, or EIO: the last one on the other side closed the pty */
}

size_t tnf_port_write(const uint8_t *data, size_t size)
{
    struct pollfd console = {.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
    size_t taken = 0;
    while (taken < size && poll(&console, 1, 0) > 0) {
        /* What says it is writable takes so much without waiting. */
        size_t piece = size - taken < PIECE_BYTES ? size - taken : PIECE_BYTES;
        ssize_t sent = write(STDOUT_FILENO, data + taken, piece);
        if (sent > 0) {
            taken += (size_t)sent;
        } else if (!(sent < 0 && (errno == EINTR || errno == EAGAIN))) {
            exit(EXIT_SUCCESS);
        }
    }
    sending = taken < size;
    return taken;
}

uint32_t tnf_port_counter(void)
{
    struct timespec time = now();
    return (uint32_t)time.tv_sec * 1000000000u + (uint32_t)time.tv_nsec;
}

uint32_t tnf_port_uptime_ms(void)
{
    struct timespec time = now();
    return (uint32_t)(time.tv_sec - started.tv_sec) * 1000u + (uint32_t)(time.tv_nsec / 1000000) -
           (uint32_t)(started.tv_nsec / 1000000);
}

void tnf_port_health(tnf_port_health_t *health)
{
    /* A process has no stack or heap of known size. */
    *health = (tnf_port_health_t){.uptime_ms = tnf_port_uptime_ms()};
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    if (!bootloader) {
        char program[] = "/proc/self/exe";
        char *const arguments[] = {program, NULL};
        (void)execv(program, arguments); /* the console stays open; returns only where it cannot */
    }
    return TNF_UNSUPPORTED;
}
