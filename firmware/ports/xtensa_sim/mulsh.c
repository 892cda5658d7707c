/* MULSH, which the ESP32's cores have and none that QEMU brings for machine sim has: the exception
 * of an illegal instruction computes it.
 *
 * What that takes is no part of what a program does. It is always the same number of instructions,
 * so the counter can leave it out. */
#include "sim.h"

/* Instructions of one exception but for one, the MULSH itself, are EMULATION_UNITS times 25, filled
 * up below; 25 are 64 ticks. */
#define TICKS 64u
#define EMULATION_UNITS 4u

/* All registers, and how many instructions were emulated. */
static uint32_t registers[17] __attribute__((used));

/* MULSH to, x, y is the bytes y0 to-x B2, half a byte each. The product of 64 bits is made of those
 * of halves; x and y have signs in their upper ones. The handler goes on behind the instruction. */
__asm__(".text\n"
        ".align 4\n"
        ".Lregisters: .word registers\n"
        ".globl tnf_exception_enter\n"
        ".align 4\n"
        "tnf_exception_enter:\n"
        ".begin no-transform\n"
        "    bnez a0, 9f\n" /* not an illegal instruction */
        "    l32r a0, .Lregisters\n"
        "    s32i a1, a0, 4\n"
        "    s32i a2, a0, 8\n"
        "    s32i a3, a0, 12\n"
        "    s32i a4, a0, 16\n"
        "    s32i a5, a0, 20\n"
        "    s32i a6, a0, 24\n"
        "    s32i a7, a0, 28\n"
        "    s32i a8, a0, 32\n"
        "    s32i a9, a0, 36\n"
        "    s32i a10, a0, 40\n"
        "    s32i a11, a0, 44\n"
        "    s32i a12, a0, 48\n"
        "    s32i a13, a0, 52\n"
        "    s32i a14, a0, 56\n"
        "    s32i a15, a0, 60\n"
        "    rsr  a2, 209\n"
        "    s32i a2, a0, 0\n"
        "    rsr  a2, 177\n"
        "    l8ui a3, a2, 0\n" /* y */
        "    l8ui a4, a2, 1\n" /* to, x */
        "    l8ui a5, a2, 2\n"
        "    movi a6, 0xB2\n"
        "    sub  a5, a5, a6\n"
        "    bnez a5, 9f\n"
        "    extui a6, a3, 0, 4\n"
        "    bnez a6, 9f\n"
        "    addi a2, a2, 3\n"
        "    wsr  a2, 177\n"
        "    srli a3, a3, 4\n"
        "    extui a5, a4, 0, 4\n"
        "    srli a4, a4, 4\n"
        "    addx4 a3, a3, a0\n"
        "    addx4 a4, a4, a0\n"
        "    addx4 a5, a5, a0\n"
        "    l32i a3, a3, 0\n"
        "    l32i a5, a5, 0\n"
        "    extui a6, a3, 0, 16\n"
        "    srai a7, a3, 16\n"
        "    extui a8, a5, 0, 16\n"
        "    srai a9, a5, 16\n"
        "    mull a10, a6, a8\n"
        "    mull a11, a6, a9\n"
        "    mull a12, a7, a8\n"
        "    mull a13, a7, a9\n"
        "    extui a10, a10, 16, 16\n"
        "    add  a11, a11, a10\n"
        "    extui a10, a11, 0, 16\n"
        "    srai a11, a11, 16\n"
        "    add  a12, a12, a10\n"
        "    srai a12, a12, 16\n"
        "    add  a13, a13, a11\n"
        "    add  a13, a13, a12\n"
        "    s32i a13, a4, 0\n"
        "    l32i a2, a0, 64\n"
        "    addi a2, a2, 1\n"
        "    s32i a2, a0, 64\n"
        "    l32i a2, a0, 0\n"
        "    wsr  a2, 209\n"
        ".rept 19\n"
        "    nop\n"
        ".endr\n"
        "    l32i a1, a0, 4\n"
        "    l32i a2, a0, 8\n"
        "    l32i a3, a0, 12\n"
        "    l32i a4, a0, 16\n"
        "    l32i a5, a0, 20\n"
        "    l32i a6, a0, 24\n"
        "    l32i a7, a0, 28\n"
        "    l32i a8, a0, 32\n"
        "    l32i a9, a0, 36\n"
        "    l32i a10, a0, 40\n"
        "    l32i a11, a0, 44\n"
        "    l32i a12, a0, 48\n"
        "    l32i a13, a0, 52\n"
        "    l32i a14, a0, 56\n"
        "    l32i a15, a0, 60\n"
        "    rsr  a0, 209\n"
        "    rfe\n"
        "9:  j    tnf_exception_fault\n"
        ".end no-transform\n");

uint32_t sim_emulation_ticks(void)
{
    return registers[16] * (EMULATION_UNITS * TICKS);
}
