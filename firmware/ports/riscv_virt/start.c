/* Start-up and faults of QEMU's RISC-V machine `virt`, in machine mode.
 *
 * Interrupts stay off: the port polls, and sleeps in WFI, which a pending interrupt ends although
 * it is not taken. No handler ever runs between two readings of the counter. */
#include "riscv.h"
#include "riscv_virt.h"
#include "tnf_bare.h"

/* The machine starts at the first byte of flash. Flash is ordinary memory here: a locked PMP entry
 * makes writes to it fault, as on a chip, and the stack below all data runs into it when it
 * overflows. */
__asm__(".section .vectors, \"ax\"\n"
        ".option push\n"
        ".option norelax\n"
        ".option arch, +zicsr\n"
        ".globl tnf_reset_handler\n"
        "tnf_reset_handler:\n"
        "    csrw mie, zero\n"
        "    la   t0, tnf_fault_handler\n"
        "    csrw mtvec, t0\n"
        "    la   t0, tnf_flash_pmp\n"
        "    csrw pmpaddr0, t0\n"
        "    li   t0, 0x9d\n" /* locked, NAPOT, execute, read */
        "    csrw pmpcfg0, t0\n"
        "    la   sp, tnf_stack_top\n"
        "    la   t0, tnf_stack_bottom\n"
        "    li   t1, 0xc5c5c5c5\n" /* TNF_STACK_PAINT */
        "1:  sw   t1, 0(t0)\n"
        "    addi t0, t0, 4\n"
        "    bltu t0, sp, 1b\n"
        "    la   t0, tnf_data_start\n"
        "    la   t1, tnf_data_end\n"
        "    la   t2, tnf_data_load\n"
        "    j    3f\n"
        "2:  lw   t3, 0(t2)\n"
        "    sw   t3, 0(t0)\n"
        "    addi t0, t0, 4\n"
        "    addi t2, t2, 4\n"
        "3:  bltu t0, t1, 2b\n"
        "    la   t0, tnf_bss_start\n"
        "    la   t1, tnf_bss_end\n"
        "    j    5f\n"
        "4:  sw   zero, 0(t0)\n"
        "    addi t0, t0, 4\n"
        "5:  bltu t0, t1, 4b\n"
        "    call main\n"
        ".balign 4\n"
        "tnf_fault_handler:\n" /* reports on a fresh stack: the old one may be what is broken */
        "    la   sp, tnf_stack_top\n"
        "    csrr a0, mcause\n"
        "    csrr a1, mepc\n"
        "    csrr a2, mtval\n"
        "    j    tnf_fault_report\n"
        ".option pop\n"
        ".text\n");

void tnf_fault_end(void)
{
    *RISCV_VIRT_TEST = RISCV_VIRT_TEST_FAIL; /* ends the emulator with exit status 1 */
    for (;;) {
    }
}
