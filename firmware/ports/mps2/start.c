/* Start-up and faults of a Cortex-M3 or M4.
 *
 * Interrupts stay masked: the port polls, and sleeps in WFI, which a masked interrupt ends too. No
 * handler ever runs between two readings of the counter, so counts are exact. */
#include <stddef.h>

#include "mps2.h"
#include "tnf_port.h"

int main(void);
void tnf_reset_handler(void);
void tnf_fault_handler(void);
void tnf_fault_report(uint32_t exception, const uint32_t *frame);

typedef void (*vector_t)(void);

#define FAULTS_4 tnf_fault_handler, tnf_fault_handler, tnf_fault_handler, tnf_fault_handler

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    vector_t reset;
    vector_t others[14 + MPS2_IRQS];
} vectors = {
    .stack = tnf_stack_top,
    .reset = tnf_reset_handler,
    .others = {tnf_fault_handler, tnf_fault_handler, FAULTS_4, FAULTS_4, FAULTS_4, FAULTS_4,
               FAULTS_4, FAULTS_4, FAULTS_4, FAULTS_4, FAULTS_4, FAULTS_4, FAULTS_4},
};

/* Flash is ordinary memory on this board: writes to it are made to fault, as on a chip. So is any
 * access right below the stack, where an overflow would otherwise go unnoticed. */
static void protect(void)
{
    CORTEX_M_MPU->number = 0;
    CORTEX_M_MPU->base = MPS2_FLASH;
    CORTEX_M_MPU->attributes = CORTEX_M_MPU_READ_ONLY(MPS2_FLASH_LOG2);
    CORTEX_M_MPU->number = 1;
    CORTEX_M_MPU->base = (uint32_t)tnf_stack_bottom - (1u << MPS2_GUARD_LOG2);
    CORTEX_M_MPU->attributes = CORTEX_M_MPU_NO_ACCESS(MPS2_GUARD_LOG2);
    CORTEX_M_MPU->control = CORTEX_M_MPU_ENABLE;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

void tnf_reset_handler(void)
{
    __asm__ volatile("cpsid i" ::: "memory");
    protect();
#if defined(__ARM_FP)
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

/* The stack may be what is broken: report on a fresh one. */
__attribute__((naked)) void tnf_fault_handler(void)
{
    __asm__ volatile("mrs r0, ipsr\n\t"
                     "mov r1, sp\n\t"
                     "ldr r2, =tnf_stack_top\n\t"
                     "mov sp, r2\n\t"
                     "b tnf_fault_report\n\t"
                     ".ltorg");
}

static char *put_text(char *to, const char *text)
{
    while (*text != '\0') {
        *to++ = *text++;
    }
    return to;
}

static char *put_hex(char *to, uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4) {
        *to++ = "0123456789abcdef"[(value >> shift) & 15u];
    }
    return to;
}

/* Ends the emulator with an exit status, through semihosting. On a board, where nobody answers
 * semihosting, the breakpoint locks the core up, which is a visible stop as well. */
static void end_emulator(uint32_t status)
{
    const uint32_t block[2] = {0x20026u /* the application exited */, status};
    register uint32_t operation __asm__("r0") = 0x20u; /* SYS_EXIT_EXTENDED */
    register const uint32_t *argument __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(operation) : "r"(argument) : "memory");
}

void tnf_fault_report(uint32_t exception, const uint32_t *frame)
{
    char line[96];
    char *to = line;
    *to++ = '\0'; /* ends a frame that was being sent */
    to = put_text(to, "fault: exception ");
    to = put_hex(to, exception);
    to = put_text(to, " cfsr ");
    to = put_hex(to, *CORTEX_M_CFSR);
    if (frame >= tnf_stack_bottom && frame + 8 <= tnf_stack_top) {
        to = put_text(to, " pc ");
        to = put_hex(to, frame[6]);
        to = put_text(to, " lr ");
        to = put_hex(to, frame[5]);
    } else {
        to = put_text(to, " stack overflow");
    }
    to = put_text(to, "\r\n");
    tnf_port_write((const uint8_t *)line, (size_t)(to - line));
    end_emulator(1);
    for (;;) {
    }
}
