#include "Arduino.h"

#include <stdlib.h>

EspClass ESP;

uint32_t EspClass::getCycleCount()
{
    return static_cast<uint32_t>(micros()) * 240u;
}

uint32_t EspClass::getFreeHeap()
{
    return 123456;
}

void EspClass::restart()
{
    exit(7);
}

esp_reset_reason_t esp_reset_reason(void)
{
    return ESP_RST_SW;
}

UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t)
{
    return 5000;
}

size_t getArduinoLoopTaskStackSize(void)
{
    return 8192;
}
