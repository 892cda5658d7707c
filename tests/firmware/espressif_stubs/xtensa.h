#ifndef XTENSA_H
#define XTENSA_H

#include "espressif_io.h"

static inline void xtensa_enable(uint32_t interrupts)
{
    model_set(MODEL_INTERRUPTS, interrupts);
}

static inline uint32_t xtensa_cycles(void)
{
    return model_get(MODEL_CYCLES);
}

void tnf_board_early(void);
void tnf_interrupt(void);

#endif
