/* Any Arduino core: time by micros(), which the profile's [arduino.counter] makes nanoseconds. Its
 * resolution is the core's: 4 us on an AVR at 16 MHz. */
#include <Arduino.h>

extern "C" {
#include "tnf_arduino.h"
}

void tnf_arduino_begin(void)
{
}

uint32_t tnf_arduino_counter(void)
{
    return static_cast<uint32_t>(micros());
}

void tnf_arduino_health(tnf_port_health_t *health)
{
    static_cast<void>(health); /* cores do not tell */
}

tnf_status_t tnf_arduino_reset(bool bootloader)
{
    static_cast<void>(bootloader);
    return TNF_UNSUPPORTED; /* the port's lines can */
}
