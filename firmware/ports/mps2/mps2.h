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
#define MPS2_GUARD_LOG2 16u

#define MPS2_CLOCK_HZ 25000000u

#define MPS2_TIMER0 ((mps2_timer_t *)0x40000000u)
#define MPS2_TIMER1 ((mps2_timer_t *)0x40001000u)
#define MPS2_UART0 ((mps2_uart_t *)0x40004000u)

#define MPS2_UART0_RX_IRQ 0u
#define MPS2_TIMER1_IRQ 9u
#define MPS2_IRQS 32u

#define CORTEX_M_NVIC_ENABLE ((volatile uint32_t *)0xE000E100u)
#define CORTEX_M_NVIC_CLEAR_PENDING ((volatile uint32_t *)0xE000E280u)
#define CORTEX_M_AIRCR ((volatile uint32_t *)0xE000ED0Cu)
#define CORTEX_M_CFSR ((volatile uint32_t *)0xE000ED28u)
#define CORTEX_M_CPACR ((volatile uint32_t *)0xE000ED88u)

/** Memory protection unit. */
typedef struct cortex_m_mpu {
    volatile uint32_t type;
    volatile uint32_t control;
    volatile uint32_t number; /**< of the region that base and attributes are of */
    volatile uint32_t base;
    volatile uint32_t attributes;
} cortex_m_mpu_t;

#define CORTEX_M_MPU ((cortex_m_mpu_t *)0xE000ED90u)
#define CORTEX_M_MPU_ENABLE 0x5u /**< all else as without it */
/** A region of 2^log2_bytes that can be read and executed. */
#define CORTEX_M_MPU_READ_ONLY(log2_bytes) (0x06020001u | (((log2_bytes) - 1u) << 1))
/** A region of 2^log2_bytes that cannot be touched. */
#define CORTEX_M_MPU_NO_ACCESS(log2_bytes) (0x10000001u | (((log2_bytes) - 1u) << 1))

#define CORTEX_M_AIRCR_RESET 0x05FA0004u
#define CORTEX_M_CPACR_FPU 0x00F00000u

/** What the stack is painted with before main, to see later how deep it went. */
#define TNF_STACK_PAINT 0xC5C5C5C5u

/** Where the linker script put things. */
extern uint32_t tnf_stack_bottom[], tnf_stack_top[];
extern uint32_t tnf_data_load[], tnf_data_start[], tnf_data_end[];
extern uint32_t tnf_bss_start[], tnf_bss_end[];

#endif
