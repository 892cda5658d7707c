#ifndef ESPRESSIF_IO_H
#define ESPRESSIF_IO_H

#include <stdint.h>

extern uint32_t (*model_get)(uint32_t address);
extern void (*model_set)(uint32_t address, uint32_t value);

#define MODEL_CYCLES 1u
#define MODEL_COUNT_CYCLES 2u
#define MODEL_INTERRUPTS 3u

/* Leaves the port: the chip has restarted. */
void model_restart(void);

static inline uint32_t espressif_get(uint32_t address)
{
    return model_get(address);
}

static inline void espressif_set(uint32_t address, uint32_t value)
{
    model_set(address, value);
    if ((address == 0x3FF48000u || address == 0x60008000u) && (value & 0x80000000u) != 0) {
        model_restart();
    }
}

static inline void espressif_change(uint32_t address, uint32_t clear, uint32_t set)
{
    espressif_set(address, (espressif_get(address) & ~clear) | set);
}

#endif
