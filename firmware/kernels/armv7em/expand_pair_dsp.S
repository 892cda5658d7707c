/* Two windows of int8 become pairs of int16, see tnf_blocks_armv7em.h. */
#include "tnf_blocks_armv7em.h"

    .syntax unified
    .thumb
    .section .text.tnf_expand_pair_dsp, "ax", %progbits
    .balign 4
    .weak tnf_expand_pair_dsp
    .type tnf_expand_pair_dsp, %function

/* r0 pairs, r1 and r2 the windows, r3 bytes left of a run; r8 bytes of a run, r9 runs left, r10 and
 * r11 what is left out between runs; r12 the words that wait for another single byte, or 0. */

/* Four bytes of each window: even ones, then odd ones. */
.macro four
    ldr     r6, [r1], #4
    ldr     r7, [r2], #4
    sxtb16  r4, r6
    sxtb16  r5, r7
    sxtb16  r6, r6, ror #8
    sxtb16  r7, r7, ror #8
    stmia   r0!, {r4-r7}
.endm

tnf_expand_pair_dsp:
    push    {r4-r11, lr}
    ldm     r3, {r8-r11}
    mov     r12, #0
.Lrun:
    subs    r3, r8, #8
    blt     .Lunder_eight
.Leight:
    four
    four
    subs    r3, r3, #8
    bge     .Leight
.Lunder_eight:
    lsls    r4, r3, #30         /* carry: four more; zero: nothing after them */
    bcc     .Lunder_four
    four
    lsls    r4, r3, #30
.Lunder_four:
    beq     .Lnext
    lsls    r4, r3, #31         /* carry: two or three; zero: an even number */
    bcs     .Ltwo
    ldrsb   r4, [r1], #1
    ldrsb   r5, [r2], #1
    cmp     r12, #0
    bne     .Lsecond
    mov     r12, r0
    b       .Lone_word
.Lsecond:
    strh    r4, [r12, #2]
    strh    r5, [r12, #6]
    mov     r12, #0
    b       .Lnext
.Ltwo:
    bne     .Lthree
    ldrsb   r4, [r1], #1
    ldrsb   r6, [r1], #1
    ldrsb   r5, [r2], #1
    ldrsb   r7, [r2], #1
    pkhbt   r4, r4, r6, lsl #16
    pkhbt   r5, r5, r7, lsl #16
.Lone_word:
    strd    r4, r5, [r0], #8
    b       .Lnext
.Lthree:
    ldrh    r6, [r1], #2
    ldrsb   r4, [r1], #1
    ldrh    r7, [r2], #2
    ldrsb   r5, [r2], #1
    orr     r6, r6, r4, lsl #16
    orr     r7, r7, r5, lsl #16
    sxtb16  r4, r6
    sxtb16  r5, r7
    sxtb16  r6, r6, ror #8
    sxtb16  r7, r7, ror #8
    stmia   r0!, {r4-r7}
.Lnext:
    add     r1, r1, r10
    add     r2, r2, r11
    subs    r9, r9, #1
    bne     .Lrun
    pop     {r4-r11, pc}
    .size tnf_expand_pair_dsp, . - tnf_expand_pair_dsp
