/* Start-up, interrupts of level 1 and faults of Xtensa cores, with the call0 ABI.
 *
 * The core has no memory protection. Its first data breakpoint stands on the lowest word of the
 * stack, and catches what grows down through it; what jumps over it is not caught. */
#include "tnf_bare.h"
#include "xtensa.h"

int main(void);
void tnf_start(const uint32_t *sp);
void tnf_fault_report(uint32_t level, uint32_t pc);

#define LEVEL_1 1u
#define LEVEL_DOUBLE 0u

/* DBREAKC: stores to the 64 bytes at DBREAKA. */
#define BREAK_ON_STORE 0x80000000u

/* The vectors lie where the core looks for them, relative to VECBASE. A fault's vector goes on with
 * its level in a2 and its address in a3: what was there is lost, nobody returns from a fault. EPC1
 * to EPC7 are special registers 177 to 183, of which not every assembler knows all. PS is 0x2f at
 * first: all interrupts masked, no exception, user vector, no windows. */
__asm__(".section .vectors, \"ax\"\n"
        ".macro fault_vector offset, level, pc\n"
        "    .org \\offset\n"
        "    movi a2, \\level\n"
        "    .byte 0x30, \\pc, 0x03\n" /* rsr a3, pc */
        "    j    tnf_fault_enter\n"
        ".endm\n"
        ".globl tnf_vectors\n"
        "tnf_vectors:\n"
        ".Lstack_top: .word tnf_stack_top\n"
        ".Lvectors: .word tnf_vectors\n"
        "    fault_vector 0x180, 2, 178\n"
        "    fault_vector 0x1C0, 3, 179\n"
        "    fault_vector 0x200, 4, 180\n"
        "    fault_vector 0x240, 5, 181\n"
        "    fault_vector 0x280, 6, 182\n"
        "    fault_vector 0x2C0, 7, 183\n"
        "    fault_vector 0x300, 1, 177\n"
        "    .org 0x340\n"
        "    wsr  a0, 209\n" /* EXCSAVE1 */
        "    rsr  a0, 232\n" /* EXCCAUSE */
        "    beqi a0, 4, 1f\n"
        "    j    tnf_exception_enter\n"
        "1:  j    tnf_interrupt_enter\n"
        "    fault_vector 0x3C0, 0, 192\n" /* in an exception; DEPC */
        ".align 4\n"
        "tnf_interrupt_enter:\n"
        "    addi a1, a1, -48\n"
        "    s32i a2, a1, 0\n"
        "    s32i a3, a1, 4\n"
        "    s32i a4, a1, 8\n"
        "    s32i a5, a1, 12\n"
        "    s32i a6, a1, 16\n"
        "    s32i a7, a1, 20\n"
        "    s32i a8, a1, 24\n"
        "    s32i a9, a1, 28\n"
        "    s32i a10, a1, 32\n"
        "    s32i a11, a1, 36\n"
        "    rsr  a0, 3\n" /* SAR */
        "    s32i a0, a1, 40\n"
        "    call0 tnf_interrupt\n"
        "    l32i a0, a1, 40\n"
        "    wsr  a0, 3\n"
        "    l32i a2, a1, 0\n"
        "    l32i a3, a1, 4\n"
        "    l32i a4, a1, 8\n"
        "    l32i a5, a1, 12\n"
        "    l32i a6, a1, 16\n"
        "    l32i a7, a1, 20\n"
        "    l32i a8, a1, 24\n"
        "    l32i a9, a1, 28\n"
        "    l32i a10, a1, 32\n"
        "    l32i a11, a1, 36\n"
        "    rsr  a0, 209\n"
        "    addi a1, a1, 48\n"
        "    rfe\n"
        /* What is not an interrupt, with a0 in EXCSAVE1 and its cause in a0. A port may take it. */
        ".align 4\n"
        ".weak tnf_exception_enter\n"
        "tnf_exception_enter:\n"
        ".globl tnf_exception_fault\n"
        "tnf_exception_fault:\n"
        "    movi a2, 1\n"
        "    rsr  a3, 177\n"
        "    j    tnf_fault_enter\n"
        ".align 4\n"
        "tnf_fault_enter:\n" /* reports on a fresh stack: the old one may be what is broken */
        "    movi a4, 0x2f\n"
        "    wsr  a4, 230\n" /* PS */
        "    rsync\n"
        "    l32r a1, .Lstack_top\n"
        "    call0 tnf_fault_report\n"
        ".globl tnf_reset_handler\n"
        ".align 4\n"
        "tnf_reset_handler:\n"
        "    movi a2, 0\n"
        "    wsr  a2, 228\n" /* INTENABLE */
        "    movi a2, 0x2f\n"
        "    wsr  a2, 230\n" /* PS */
        "    rsync\n"
        "    l32r a2, .Lvectors\n"
        "    wsr  a2, 231\n" /* VECBASE */
        "    rsync\n"
        "    l32r a1, .Lstack_top\n"
        "    call0 tnf_board_early\n"
        "    mov  a2, a1\n"
        "    call0 tnf_start\n"
        ".text\n");

/* Puts memory and stack in order, and runs the program. */
void tnf_start(const uint32_t *sp)
{
    const uint32_t *load = tnf_data_load;
    XTENSA_WRITE(160, 0); /* DBREAKC0: the paint reaches the stack's end */
    /* Up to this function's own frame, which is small. */
    for (volatile uint32_t *word = tnf_stack_bottom; word < sp - 16; word++) {
        *word = TNF_STACK_PAINT;
    }
    if (load != tnf_data_start) {
        for (uint32_t *word = tnf_data_start; word < tnf_data_end; word++) {
            *word = *load++;
        }
    }
    for (uint32_t *word = tnf_bss_start; word < tnf_bss_end; word++) {
        *word = 0;
    }
    XTENSA_WRITE(144, tnf_stack_bottom); /* DBREAKA0 */
    XTENSA_WRITE(160, BREAK_ON_STORE);
    XTENSA_WRITE(230, 0x20u); /* PS: as before, interrupts of level 1 and up not masked */
    (void)main();
    tnf_fault_report(LEVEL_1, 0);
}

void tnf_fault_report(uint32_t level, uint32_t pc)
{
    uint32_t cause, address;
    char line[80];
    XTENSA_READ(cause, 232);
    XTENSA_READ(address, 238);
    char *to = tnf_put_text(line + 1, "fault: ");
    if (level == LEVEL_1 || level == LEVEL_DOUBLE) {
        to = tnf_put_text(to, "exccause ");
        to = tnf_put_hex(to, cause);
        to = tnf_put_text(to, " address ");
        to = tnf_put_hex(to, address);
    } else {
        to = tnf_put_text(to, "stack overflow"); /* nothing else comes at a higher level */
    }
    to = tnf_put_text(to, " pc ");
    to = tnf_put_hex(to, pc);
    tnf_fault_send(line, to);
}
