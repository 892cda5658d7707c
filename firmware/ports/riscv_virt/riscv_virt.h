/** @file
 * Registers of QEMU's RISC-V machine `virt` that its port uses.
 */
#ifndef RISCV_VIRT_H
#define RISCV_VIRT_H

#include <stdint.h>

/** NS16550 UART: byte registers. */
typedef struct riscv_virt_uart {
    volatile uint8_t data;
    volatile uint8_t interrupt_enable;
    volatile uint8_t fifo_control;
    volatile uint8_t line_control;
    volatile uint8_t modem_control;
    volatile uint8_t line_status;
} riscv_virt_uart_t;

#define RISCV_VIRT_UART_RX_INTERRUPT 0x1u
#define RISCV_VIRT_UART_8N1 0x3u
#define RISCV_VIRT_UART_RX_READY 0x1u
#define RISCV_VIRT_UART_TX_EMPTY 0x20u

#define RISCV_VIRT_UART0 ((riscv_virt_uart_t *)0x10000000u)
#define RISCV_VIRT_UART0_IRQ 10u

/** Test device: a word written here ends or resets the machine. */
#define RISCV_VIRT_TEST ((volatile uint32_t *)0x00100000u)
#define RISCV_VIRT_TEST_FAIL 0x00013333u
#define RISCV_VIRT_TEST_RESET 0x00007777u

/** CLINT: machine time at 10 MHz, and when its interrupt comes. */
#define RISCV_VIRT_MTIMECMP ((volatile uint32_t *)0x02004000u)
#define RISCV_VIRT_MTIME ((volatile uint32_t *)0x0200BFF8u)
#define RISCV_VIRT_MTIME_HZ 10000000u

/** PLIC, context 0: machine mode of hart 0. */
#define RISCV_VIRT_PLIC_PRIORITY ((volatile uint32_t *)0x0C000000u)
#define RISCV_VIRT_PLIC_ENABLE ((volatile uint32_t *)0x0C002000u)
#define RISCV_VIRT_PLIC_CLAIM ((volatile uint32_t *)0x0C200004u)

#endif
