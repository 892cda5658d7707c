#ifndef ESP32C3_CORE_H
#define ESP32C3_CORE_H

#include <stdbool.h>

#include "espressif_io.h"

static inline void esp32c3_count_cycles(void)
{
    model_set(MODEL_COUNT_CYCLES, 1);
}

static inline uint32_t esp32c3_cycles(void)
{
    return model_get(MODEL_CYCLES);
}

static inline void esp32c3_interrupts(bool take)
{
    model_set(MODEL_INTERRUPTS, take ? 2 : 0);
}

#endif
