/* The community's Arduino core for RP2040 and RP2350. It counts cycles on both: by SysTick where
 * the core has no cycle counter. */
#include <Arduino.h>

extern "C" {
#include "tnf_arduino.h"
}

void tnf_arduino_begin(void)
{
}

uint32_t tnf_arduino_counter(void)
{
    return rp2040.getCycleCount();
}

void tnf_arduino_health(tnf_port_health_t *health)
{
    health->heap_free_bytes = static_cast<uint32_t>(rp2040.getFreeHeap());
}

tnf_status_t tnf_arduino_reset(bool bootloader)
{
    if (bootloader) {
        rp2040.rebootToBootloader();
    } else {
        rp2040.reboot();
    }
    return TNF_UNSUPPORTED; /* not reached */
}
