#pragma once
#include "freertos/FreeRTOS.h"

typedef struct stub_task *TaskHandle_t;
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);
void vTaskDelay(TickType_t ticks);

typedef void (*TaskFunction_t)(void *parameters);
BaseType_t xTaskCreate(TaskFunction_t code, const char *const name, const uint32_t stack_depth,
                       void *const parameters, UBaseType_t priority, TaskHandle_t *const created);
void vTaskDelete(TaskHandle_t task);
void vTaskDelay(const TickType_t ticks);
