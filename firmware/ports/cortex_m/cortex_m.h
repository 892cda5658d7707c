/** @file
 * What every Cortex-M has, and what start-up asks of a board's port.
 */
#ifndef CORTEX_M_H
#define CORTEX_M_H

#include <stdint.h>

#define CORTEX_M_NVIC_ENABLE ((volatile uint32_t *)0xE000E100u)
#define CORTEX_M_NVIC_CLEAR_PENDING ((volatile uint32_t *)0xE000E280u)
#define CORTEX_M_AIRCR ((volatile uint32_t *)0xE000ED0Cu)
#define CORTEX_M_CFSR ((volatile uint32_t *)0xE000ED28u) /**< reads as 0 on ARMv6-M */
#define CORTEX_M_CPACR ((volatile uint32_t *)0xE000ED88u)

#define CORTEX_M_AIRCR_RESET 0x05FA0004u
#define CORTEX_M_CFSR_STACK_LIMIT 0x00100000u /**< never set before ARMv8-M */
#define CORTEX_M_CPACR_FPU 0x00F00000u        /**< MVE as well */

/** An entry of the vector table. */
typedef void (*cortex_m_vector_t)(void);

/** Places a table of interrupt handlers right behind the core's sixteen vectors. A port that takes
 *  interrupts defines one: `CORTEX_M_INTERRUPTS const cortex_m_vector_t handlers[] = {…};` */
#define CORTEX_M_INTERRUPTS __attribute__((section(".vectors.interrupts"), used))

/** The handler of everything that should not happen: reports it and ends the board. */
void tnf_fault_handler(void);

/** The first thing that runs, on an unpainted stack and before any variable has its value: what
 *  must happen at once, as memory that is not there yet or a watchdog. Provided by the port. */
void tnf_board_early(void);

/** Makes an overflow of the stack fault, which would otherwise go unnoticed. Provided by the layer
 *  of the core's architecture. */
void tnf_stack_guard(void);

/** Makes writes to 2^log2_bytes from @p base on, a multiple of that, fault once tnf_stack_guard has
 *  run. Provided by the layers of architectures that have a memory protection unit. */
void tnf_write_guard(uint32_t base, uint32_t log2_bytes);

/** Restarts the chip. */
static inline void cortex_m_restart(void)
{
    __asm__ volatile("dsb" ::: "memory");
    *CORTEX_M_AIRCR = CORTEX_M_AIRCR_RESET;
    for (;;) {
    }
}

#endif
