#pragma once
#include "freertos/FreeRTOS.h"

typedef struct stub_task *TaskHandle_t;
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);
void vTaskDelay(TickType_t ticks);
