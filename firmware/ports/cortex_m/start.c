/* Start-up and faults of every Cortex-M.
 *
 * Interrupts stay masked unless the port takes them: then no handler ever runs between two readings
 * of the counter, and WFI ends with a masked interrupt too. */
#include <stddef.h>

#include "cortex_m.h"
#include "tnf_bare.h"

int main(void);
void tnf_reset_handler(void);
void tnf_fault_report(uint32_t exception, const uint32_t *frame);

#define FAULTS_4 tnf_fault_handler, tnf_fault_handler, tnf_fault_handler, tnf_fault_handler

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    cortex_m_vector_t reset;
    cortex_m_vector_t others[14];
} vectors = {
    .stack = tnf_stack_top,
    .reset = tnf_reset_handler,
    .others = {tnf_fault_handler, tnf_fault_handler, FAULTS_4, FAULTS_4, FAULTS_4},
};

void tnf_reset_handler(void)
{
    __asm__ volatile("cpsid i" ::: "memory");
    tnf_board_early();
    tnf_stack_guard();
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    *CORTEX_M_CPACR |= CORTEX_M_CPACR_FPU;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
    uint32_t *sp;
    __asm__ volatile("mov %0, sp" : "=r"(sp));
    /* volatile: as a call of memset, with a frame of its own, it would paint over that frame */
    for (volatile uint32_t *word = tnf_stack_bottom; word < sp; word++) {
        *word = TNF_STACK_PAINT;
    }
    const uint32_t *load = tnf_data_load;
    for (uint32_t *word = tnf_data_start; word < tnf_data_end; word++) {
        *word = *load++;
    }
    for (uint32_t *word = tnf_bss_start; word < tnf_bss_end; word++) {
        *word = 0;
    }
    (void)main();
    tnf_fault_report(0, NULL);
}

/* The stack may be what is broken: where it has less than 512 bytes left, or is not in its place,
 * report on a fresh one. Elsewhere that would write over the frame that tells where it happened. */
__attribute__((naked)) void tnf_fault_handler(void)
{
    __asm__ volatile("mrs r0, ipsr\n\t"
                     "mov r1, sp\n\t"
                     "ldr r2, =tnf_stack_bottom + 512\n\t"
                     "ldr r3, =tnf_stack_top\n\t"
                     "cmp r1, r2\n\t"
                     "blo 1f\n\t"
                     "cmp r1, r3\n\t"
                     "bls 2f\n"
                     "1:\n\t"
                     "mov sp, r3\n"
                     "2:\n\t"
                     "ldr r2, =tnf_fault_report\n\t"
                     "bx r2\n\t"
                     ".ltorg");
}

void tnf_fault_report(uint32_t exception, const uint32_t *frame)
{
    char line[96];
    uint32_t status = *CORTEX_M_CFSR;
    char *to = tnf_put_text(line + 1, "fault: exception ");
    to = tnf_put_hex(to, exception);
    to = tnf_put_text(to, " cfsr ");
    to = tnf_put_hex(to, status);
    if ((status & CORTEX_M_CFSR_STACK_LIMIT) == 0 && frame >= tnf_stack_bottom &&
        frame + 8 <= tnf_stack_top) {
        to = tnf_put_text(to, " pc ");
        to = tnf_put_hex(to, frame[6]);
        to = tnf_put_text(to, " lr ");
        to = tnf_put_hex(to, frame[5]);
    } else {
        to = tnf_put_text(to, " stack overflow");
    }
    tnf_fault_send(line, to);
}
