/* Arduino cores for the ESP32 and its like, versions 2 and 3. Everything runs in the loop's task;
 * cycles are those of the core it is pinned to and include interrupts. */
#include <Arduino.h>

extern "C" {
#include "tnf_arduino.h"
}

/* What may arrive while an inference runs and nobody reads. */
static const size_t receive_bytes = 4096;

void tnf_arduino_begin(void)
{
    Serial.setRxBufferSize(receive_bytes);
}

uint32_t tnf_arduino_counter(void)
{
    return ESP.getCycleCount();
}

void tnf_arduino_health(tnf_port_health_t *health)
{
    const uint32_t size = static_cast<uint32_t>(getArduinoLoopTaskStackSize());
    const uint32_t never_used = static_cast<uint32_t>(uxTaskGetStackHighWaterMark(NULL));
    health->stack_bytes = size;
    health->stack_used_bytes = never_used < size ? size - never_used : 0;
    health->heap_free_bytes = ESP.getFreeHeap();
    health->reset_reason = static_cast<uint32_t>(esp_reset_reason());
}

tnf_status_t tnf_arduino_reset(bool bootloader)
{
    if (!bootloader) {
        ESP.restart();
    }
    return TNF_UNSUPPORTED; /* the port's lines can ask for it */
}
