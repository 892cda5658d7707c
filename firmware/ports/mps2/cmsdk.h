/** @file
 * Peripherals of Arm's Cortex-M System Design Kit, which the MPS2 and MPS3 boards are made of.
 */
#ifndef CMSDK_H
#define CMSDK_H

#include <stdint.h>

/** Timer: counts down at the system clock, from `reload` again after 0. */
typedef struct cmsdk_timer {
    volatile uint32_t control;
    volatile uint32_t value;
    volatile uint32_t reload;
    volatile uint32_t interrupt; /**< write 1 to clear */
} cmsdk_timer_t;

#define CMSDK_TIMER_ENABLE 0x1u
#define CMSDK_TIMER_INTERRUPT 0x8u

/** UART: one byte deep each way. */
typedef struct cmsdk_uart {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t control;
    volatile uint32_t interrupt; /**< write 1 to clear */
    volatile uint32_t divider;
} cmsdk_uart_t;

#define CMSDK_UART_TX_FULL 0x1u
#define CMSDK_UART_RX_FULL 0x2u
#define CMSDK_UART_TX_ENABLE 0x1u
#define CMSDK_UART_RX_ENABLE 0x2u
#define CMSDK_UART_RX_INTERRUPT 0x8u   /**< in `control` */
#define CMSDK_UART_RX_INTERRUPTED 0x2u /**< in `interrupt` */

static inline void cmsdk_timer_start(cmsdk_timer_t *timer)
{
    timer->reload = UINT32_MAX;
    timer->value = UINT32_MAX;
    timer->control = CMSDK_TIMER_ENABLE;
}

/** Ticks since the timer was started; wraps. */
static inline uint32_t cmsdk_timer_passed(const cmsdk_timer_t *timer)
{
    return UINT32_MAX - timer->value; /* it counts down */
}

/** Makes the timer's interrupt pending in @p ticks. */
static inline void cmsdk_alarm_set(cmsdk_timer_t *timer, uint32_t ticks)
{
    timer->value = ticks;
    timer->control = CMSDK_TIMER_ENABLE | CMSDK_TIMER_INTERRUPT;
}

static inline void cmsdk_alarm_clear(cmsdk_timer_t *timer)
{
    timer->control = 0;
    timer->interrupt = 1;
}

#endif
