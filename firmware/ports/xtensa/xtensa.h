/** @file
 * What every Xtensa core has, and what start-up asks of a board's port.
 *
 * All code uses the call0 ABI: register windows are switched off. A compiler for a core with fewer
 * special registers does not know all of them by name, so they stand here by their numbers.
 */
#ifndef XTENSA_H
#define XTENSA_H

#include <stdint.h>

/** Puts special register `number`, a literal, into `variable`, a uint32_t. */
#define XTENSA_READ(variable, number)                                                              \
    __asm__ volatile("rsr %0, " #number : "=a"(variable)::"memory")

/** Writes special register `number`, a literal, and waits until that counts. */
#define XTENSA_WRITE(number, value)                                                                \
    __asm__ volatile("wsr %0, " #number "\n\trsync" ::"a"(value) : "memory")

/** Says which interrupts are taken, as bits. */
static inline void xtensa_enable(uint32_t interrupts)
{
    XTENSA_WRITE(228, interrupts);
}

/** Cycles; wraps. */
static inline uint32_t xtensa_cycles(void)
{
    uint32_t cycles;
    XTENSA_READ(cycles, 234);
    return cycles;
}

/** The first thing that runs, before any variable has its value and any constant can be read that
 *  is not in RAM: what must happen at once. Provided by the port. */
void tnf_board_early(void);

/** Takes the interrupts of level 1 that are enabled, and makes them go away. It may change no
 *  register but SAR and those that a call may change. Provided by the port. */
void tnf_interrupt(void);

/** Where a program starts. Does not return. */
void tnf_reset_handler(void);

#endif
