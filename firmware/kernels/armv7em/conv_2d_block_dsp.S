/* Two pixels by four output channels of a convolution, see tnf_blocks_armv7em.h.
 *
 * A word W of weights has two values k of two channels: each half is 256 * odd + even. With a word
 * X of two activations, in 32 bits that wrap,
 *
 *     even += X . sxtb16(W)        both += X . W        256 * odd = both - even
 *
 * so one load and one extension serve four weights. The channels of a group are a b c d; W of (a, b)
 * and W of (c, d) follow one another, as X of the first and of the second pixel do.
 *
 *                          r10 = X of pixel 0      lr = X of pixel 1
 *     r11 = W of (a, b)    r2 a, r4 both           r3 a, r5 both
 *     r12 = W of (c, d)    r6 c, r8 both           r7 c, r9 both
 *
 * r0 goes through the pixels, r1 through the stream. A group of the stream:
 *
 *     a, 256 b + a, c, 256 d + c           biases, of which the sums begin
 *     (a, b), (c, d)                       weights, for each pair of words of the pixels
 *     factors                              short: multiplier and constant of a, b, c, d
 *                                          general: multiplier, half and shift of a, b, c, d
 */
#include "tnf_blocks_armv7em.h"

    .syntax unified
    .thumb
    .section .text.tnf_conv_2d_block_dsp, "ax", %progbits
    .balign 4
    .weak tnf_conv_2d_block_dsp
    .type tnf_conv_2d_block_dsp, %function

/* The frame; what a group begins with is first. */
#define PAIR 0
#define ENTRY 4
#define END 8
#define REQUANTIZE 12
#define STOP 16
#define STREAM 20
#define OUTPUTS 24
#define OUTPUT_0 24
#define OUTPUT_1 28
#define LEFT 32
#define STEPS 36 /* to the next pair and to its outputs */
#define FRAME_BYTES 44

/* 12 instructions of 4 bytes for 16 multiply-accumulates. */
.macro step
    ldrd    r11, r12, [r1], #8
    ldrd    r10, lr, [r0], #8
    smlad   r4, r10, r11, r4
    smlad   r5, lr, r11, r5
    smlad   r8, r10, r12, r8
    smlad   r9, lr, r12, r9
    sxtb16  r11, r11
    sxtb16  r12, r12
    smlad   r2, r10, r11, r2
    smlad   r3, lr, r11, r3
    smlad   r6, r10, r12, r6
    smlad   r7, lr, r12, r7
.endm

/* The first step, which also gives the second pixel the biases. */
.macro first_step
    ldrd    r11, r12, [r1], #8
    ldrd    r10, lr, [r0], #8
    smlad   r5, lr, r11, r4
    smlad   r9, lr, r12, r8
    smlad   r4, r10, r11, r4
    smlad   r8, r10, r12, r8
    sxtb16  r11, r11
    sxtb16  r12, r12
    smlad   r3, lr, r11, r2
    smlad   r7, lr, r12, r6
    smlad   r2, r10, r11, r2
    smlad   r6, r10, r12, r6
.endm

/* 256 * odd from both - even */
.macro part_channels
    sub     r4, r4, r2
    sub     r5, r5, r3
    sub     r8, r8, r6
    sub     r9, r9, r7
.endm

.macro store_short sum, multiplier, constant, exponent, output
    smmla   \sum, \sum, \multiplier, \constant
    ssat    \sum, #8, \sum, asr #\exponent
    strb    \sum, [\output], #1
.endm

/* `sum` is twice the sum: rounded to nearest by the multiplier, then by the shift, halves away from
 * zero; the output's zero point is in r11. */
.macro store_general sum, output
    add     lr, r11, \sum, asr #31
    smmlar  \sum, \sum, r10, lr
    asr     \sum, \sum, r12
    ssat    \sum, #8, \sum
    strb    \sum, [\output], #1
.endm

tnf_conv_2d_block_dsp:
    push    {r4-r11, lr}
    ldm     r0, {r4-r11}
    push    {r1-r3, r9-r11}
    adr.w   r12, .Lpass + 1
    add     r5, r5, r5, lsl #1
    add     r5, r12, r5, lsl #4
    adr.w   r12, .Lshort + 1
    cbz     r7, .Lchosen
    adr.w   r12, .Lgeneral + 1
.Lchosen:
    mov     r7, r12
    push    {r4-r8}

.Lgroup:
    ldm     r1!, {r2, r4, r6, r8}
    ldr     r0, [sp, #PAIR]
    first_step
    ldr     pc, [sp, #ENTRY]    /* to one of the steps, or behind them */
    .balign 4
.Lpass:
    .rept TNF_CONV_2D_STEPS
    step
    .endr
    ldr     r10, [sp, #END]
    cmp     r0, r10
    bne.w   .Lpass
    ldr     pc, [sp, #REQUANTIZE]

.Lshort:
    part_channels
    ldr     r0, [sp, #OUTPUT_0]
    ldm     r1!, {r10, r11, r12, lr}
    store_short r2, r10, r11, TNF_CONV_2D_EXPONENT, r0
    ldr     r2, [sp, #OUTPUT_1]
    store_short r3, r10, r11, TNF_CONV_2D_EXPONENT, r2
    store_short r4, r12, lr, (TNF_CONV_2D_EXPONENT + 8), r0
    store_short r5, r12, lr, (TNF_CONV_2D_EXPONENT + 8), r2
    ldm     r1!, {r10, r11, r12, lr}
    store_short r6, r10, r11, TNF_CONV_2D_EXPONENT, r0
    store_short r7, r10, r11, TNF_CONV_2D_EXPONENT, r2
    store_short r8, r12, lr, (TNF_CONV_2D_EXPONENT + 8), r0
    store_short r9, r12, lr, (TNF_CONV_2D_EXPONENT + 8), r2

.Lnext:
    strd    r0, r2, [sp, #OUTPUTS]
    ldr     r10, [sp, #STOP]
    cmp     r1, r10
    bne.w   .Lgroup

    ldr     r1, [sp, #LEFT]
    subs    r1, r1, #1
    beq     .Ldone
    str     r1, [sp, #LEFT]
    ldr     r1, [sp, #STREAM]
    ldrd    r6, r7, [sp, #STEPS]
    ldm     sp, {r3-r5}
    add     r3, r3, r6
    add     r5, r5, r6
    stm     sp, {r3-r5}
    add     r0, r0, r7
    add     r2, r2, r7
    strd    r0, r2, [sp, #OUTPUTS]
    b.w     .Lgroup
.Ldone:
    add     sp, sp, #FRAME_BYTES
    pop     {r4-r11, pc}

.Lgeneral:
    part_channels
    ldr     r0, [sp, #OUTPUT_0]
    ldm     r1!, {r10, r11, r12}
    lsl     r2, r2, #1
    store_general r2, r0
    ldr     r2, [sp, #OUTPUT_1]
    lsl     r3, r3, #1
    store_general r3, r2
    ldm     r1!, {r10, r11, r12}
    asr     r4, r4, #7
    store_general r4, r0
    asr     r5, r5, #7
    store_general r5, r2
    ldm     r1!, {r10, r11, r12}
    lsl     r6, r6, #1
    store_general r6, r0
    lsl     r7, r7, #1
    store_general r7, r2
    ldm     r1!, {r10, r11, r12}
    asr     r8, r8, #7
    store_general r8, r0
    asr     r9, r9, #7
    store_general r9, r2
    b       .Lnext
    .size tnf_conv_2d_block_dsp, . - tnf_conv_2d_block_dsp
