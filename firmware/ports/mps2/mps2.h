/** @file
 * Registers of Arm's MPS2 board (images AN385 and AN386) that its port uses.
 */
#ifndef MPS2_H
#define MPS2_H

#include <stdint.h>

/** CMSDK APB timer: counts down at the system clock, from `reload` again after 0. */
typedef struct mps2_timer {
    volatile uint32_t control;
    volatile uint32_t value;
    volatile uint32_t reload;
    volatile uint32_t interrupt; /**< write 1 to clear */
} mps2_timer_t;

#define MPS2_TIMER_ENABLE 0x1u
#define MPS2_TIMER_INTERRUPT 0x8u

/** CMSDK APB UART: one byte deep each way. */
typedef struct mps2_uart {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t control;
    volatile uint32_t interrupt; /**< write 1 to clear */
    volatile uint32_t divider;
} mps2_uart_t;

#define MPS2_UART_TX_FULL 0x1u
#define MPS2_UART_RX_FULL 0x2u
#define MPS2_UART_TX_ENABLE 0x1u
#define MPS2_UART_RX_ENABLE 0x2u
#define MPS2_UART_RX_INTERRUPT 0x8u   /**< in `control` */
#define MPS2_UART_RX_INTERRUPTED 0x2u /**< in `interrupt` */

#define MPS2_FLASH 0x00000000u
#define MPS2_FLASH_LOG2 22u

#define MPS2_CLOCK_HZ 25000000u

#define MPS2_TIMER0 ((mps2_timer_t *)0x40000000u)
#define MPS2_TIMER1 ((mps2_timer_t *)0x40001000u)
#define MPS2_UART0 ((mps2_uart_t *)0x40004000u)

#define MPS2_UART0_RX_IRQ 0u
#define MPS2_TIMER1_IRQ 9u

#endif
