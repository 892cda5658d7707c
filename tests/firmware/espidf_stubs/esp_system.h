#pragma once
#include <stdint.h>

typedef enum { ESP_RST_UNKNOWN, ESP_RST_POWERON, ESP_RST_SW = 3 } esp_reset_reason_t;
esp_reset_reason_t esp_reset_reason(void);
void esp_restart(void) __attribute__((noreturn));
uint32_t esp_get_free_heap_size(void);
