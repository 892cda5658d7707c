/* Start-up and faults of the ESP32-C3.
 *
 * Code lies below the stack in the same RAM: a locked PMP entry forbids writes to all of it, so a
 * stack that overflows faults. Vector n is that of interrupt n, the first that of all faults. */
#include "riscv.h"
#include "tnf_bare.h"

int main(void);
void tnf_board_early(void);
void tnf_start(const uint32_t *sp);

__asm__(".section .vectors, \"ax\"\n"
        ".option push\n"
        ".option norelax\n"
        ".option norvc\n"
        ".option arch, +zicsr\n"
        ".globl tnf_vectors\n"
        "tnf_vectors:\n"
        "    j    tnf_fault_handler\n"
        "    j    tnf_uart_interrupt\n" /* ESP32C3_UART_INTERRUPT */
        ".rept 30\n"
        "    j    tnf_fault_handler\n"
        ".endr\n"
        ".globl tnf_reset_handler\n"
        "tnf_reset_handler:\n"
        "    csrci mstatus, 8\n" /* no interrupts */
        "    la   t0, tnf_vectors + 1\n"
        "    csrw mtvec, t0\n"
        "    la   sp, tnf_stack_top\n"
        "    call tnf_board_early\n"
        "    la   t0, tnf_code_pmp\n"
        "    csrw pmpaddr0, t0\n"
        "    la   t0, tnf_stack_pmp\n"
        "    csrw pmpaddr1, t0\n"
        "    li   t0, 0x8900\n" /* entry 1: locked, from entry 0's address up to its own, read */
        "    csrw pmpcfg0, t0\n"
        "    mv   a0, sp\n"
        "    call tnf_start\n"
        "tnf_fault_handler:\n" /* reports on a fresh stack: the old one may be what is broken */
        "    la   sp, tnf_stack_top\n"
        "    csrr a0, mcause\n"
        "    csrr a1, mepc\n"
        "    csrr a2, mtval\n"
        "    j    tnf_fault_report\n"
        ".option pop\n"
        ".text\n");

/* Puts memory and stack in order, and runs the program. The ROM has loaded what has a value. */
void tnf_start(const uint32_t *sp)
{
    /* Up to this function's own frame, which is small. */
    for (volatile uint32_t *word = tnf_stack_bottom; word < sp - 16; word++) {
        *word = TNF_STACK_PAINT;
    }
    for (uint32_t *word = tnf_bss_start; word < tnf_bss_end; word++) {
        *word = 0;
    }
    (void)main();
    tnf_fault_report(0, 0, 0);
}
