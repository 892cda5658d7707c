#pragma once
#include <stdint.h>

typedef uint32_t TickType_t;
typedef uint32_t UBaseType_t;
typedef int BaseType_t;
#define pdPASS ((BaseType_t)1)
typedef struct stub_queue *QueueHandle_t;
#define pdMS_TO_TICKS(ms) ((TickType_t)(((uint64_t)(ms) * 1000u) / 1000u))
