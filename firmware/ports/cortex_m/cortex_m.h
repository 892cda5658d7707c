/** @file
 * What every Cortex-M has, and what start-up asks of a board's port.
 */
#ifndef CORTEX_M_H
#define CORTEX_M_H

#include <stdint.h>

/** The core's own timer: 24 bits, counts down. */
typedef struct cortex_m_systick {
    volatile uint32_t control;
    volatile uint32_t reload;
    volatile uint32_t value; /**< any write makes it 0 */
} cortex_m_systick_t;

#define CORTEX_M_SYSTICK ((cortex_m_systick_t *)0xE000E010u)
#define CORTEX_M_NVIC_ENABLE ((volatile uint32_t *)0xE000E100u)
#define CORTEX_M_NVIC_DISABLE ((volatile uint32_t *)0xE000E180u)
#define CORTEX_M_NVIC_CLEAR_PENDING ((volatile uint32_t *)0xE000E280u)
#define CORTEX_M_VTOR ((volatile uint32_t *)0xE000ED08u) /**< not on Cortex-M0 */
#define CORTEX_M_ICSR ((volatile uint32_t *)0xE000ED04u)
#define CORTEX_M_AIRCR ((volatile uint32_t *)0xE000ED0Cu)
#define CORTEX_M_CFSR ((volatile uint32_t *)0xE000ED28u) /**< reads as 0 on ARMv6-M */
#define CORTEX_M_CPACR ((volatile uint32_t *)0xE000ED88u)

#define CORTEX_M_SYSTICK_MAX 0x00FFFFFFu
#define CORTEX_M_SYSTICK_START 0x7u /**< at the core's clock, with its exception */
#define CORTEX_M_SYSTICK_EXCEPTION 0x2u
#define CORTEX_M_ICSR_CLEAR_SYSTICK 0x02000000u
#define CORTEX_M_AIRCR_RESET 0x05FA0004u
#define CORTEX_M_CFSR_STACK_LIMIT 0x00100000u /**< never set before ARMv8-M */
#define CORTEX_M_CPACR_FPU 0x00F00000u        /**< MVE as well */

/** The vector table, where the linker script put it. */
extern const uint32_t tnf_vectors[];

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
__attribute__((noreturn)) static inline void cortex_m_restart(void)
{
    __asm__ volatile("dsb" ::: "memory");
    *CORTEX_M_AIRCR = CORTEX_M_AIRCR_RESET;
    for (;;) {
    }
}

/** Rests until an interrupt is pending, for @p clocks (2 to 2^24) at most. Interrupts must be
 * masked: the SysTick exception is never taken, and what has become pending before still ends the
 * rest. */
static inline void cortex_m_rest(uint32_t clocks)
{
    CORTEX_M_SYSTICK->reload = clocks - 1u;
    CORTEX_M_SYSTICK->value = 0;
    CORTEX_M_SYSTICK->control = CORTEX_M_SYSTICK_START;
    /* ISB at once: an STM32 whose clocks a debugger keeps up in its sleep (OpenOCD does, until the
     * power goes) has fetched wrong instructions when it wakes with interrupts masked. */
    __asm__ volatile("dsb\n\twfi\n\tisb" ::: "memory");
    CORTEX_M_SYSTICK->control = 0;
    *CORTEX_M_ICSR = CORTEX_M_ICSR_CLEAR_SYSTICK;
}

/** Ends the emulator with exit status 1, through semihosting. On a board where nobody answers
 *  semihosting the breakpoint locks the core up, which is a visible stop as well. */
__attribute__((noreturn)) static inline void cortex_m_end_emulator(void)
{
    const uint32_t block[2] = {0x20026u /* the application exited */, 1};
    register uint32_t operation __asm__("r0") = 0x20u; /* SYS_EXIT_EXTENDED */
    register const uint32_t *argument __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(operation) : "r"(argument) : "memory");
    for (;;) {
    }
}

#endif
