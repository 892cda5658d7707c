/* The port of every Arduino core: the console is Serial, whatever the core has behind it.
 *
 * Nothing waits for a host that opens the port: a board that is only measured later, or runs by
 * itself, starts all the same. Not tried on silicon. */
#include <Arduino.h>

extern "C" {
#include "tnf_application.h"
#include "tnf_arduino.h"
#include "tnf_board.h"
#include "tnf_port.h"
}

/* The answer that says so goes out before the restart: a USB's buffer goes with it. */
static const unsigned long farewell_ms = 50;

/* Something was handed to the core since its buffer was last seen to be empty. */
static bool buffered;

void setup()
{
    tnf_application_start();
}

void loop()
{
    tnf_application_poll();
}

void tnf_port_init(void)
{
    tnf_arduino_begin();
    Serial.begin(TNF_BAUD);
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    size_t taken = 0;
    while (taken < capacity && Serial.available() > 0) {
        const int byte = Serial.read();
        if (byte < 0) {
            break;
        }
        buffer[taken++] = static_cast<uint8_t>(byte);
    }
    if (taken == 0) {
        yield(); /* where the core has other tasks, it is their turn */
    }
    return taken;
}

size_t tnf_port_write(const uint8_t *data, size_t size)
{
    /* Many cores leave availableForWrite at 0: those take a byte, and may wait for it. */
    static bool tells;
    const int room = Serial.availableForWrite();
    tells = tells || room > 0;
    size_t piece = room > 0 ? static_cast<size_t>(room) : tells ? 0 : 1;
    piece = piece < size ? piece : size;
    if (piece == 0) {
        return 0;
    }
    buffered = true;
    return Serial.write(data, piece);
}

uint32_t tnf_port_counter(void)
{
    if (buffered) {
        /* What is still in a buffer would be sent by interrupts, in the time that is measured. */
        buffered = false;
        Serial.flush();
    }
    return tnf_arduino_counter();
}

uint32_t tnf_port_uptime_ms(void)
{
    return static_cast<uint32_t>(millis());
}

void tnf_port_health(tnf_port_health_t *health)
{
    *health = tnf_port_health_t();
    health->uptime_ms = tnf_port_uptime_ms();
    tnf_arduino_health(health);
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    delay(farewell_ms);
    return tnf_arduino_reset(bootloader);
}
