/* Four outputs of a fully connected layer, see tnf_blocks_armv7em.h.
 *
 * Words of weights are those of conv_2d_block_dsp.S; the sums of outputs a b c d are
 *
 *     r2 a    r3 both of (a, b)    r4 c    r5 both of (c, d)
 *
 * Four words X of the row are in r6 to r9, the weights for two of them in r10 r11 and r12 lr. r0
 * goes through the row, r1 through the stream, of which a group is
 *
 *     a, 256 b + a, c, 256 d + c           biases, of which the sums begin
 *     (a, b), (c, d)                       weights, for each word of the row
 *
 * Factors lie apart: layers with one factor for all outputs go back to it after each group.
 *
 *     short: multiplier and constant of a, b, c, d     general: multiplier, half and shift
 */
#include "tnf_blocks_armv7em.h"

    .syntax unified
    .thumb
    .section .text.tnf_fully_connected_block_dsp, "ax", %progbits
    .balign 4
    .weak tnf_fully_connected_block_dsp
    .type tnf_fully_connected_block_dsp, %function

/* The frame; what a group begins with is first. */
#define WORDS 0
#define ENTRY 4
#define END 8
#define REQUANTIZE 12
#define STOP 16
#define SCALES 20
#define BACK 24
#define EXPONENT 28
#define OUTPUT 32
#define FRAME_BYTES 44

/* The weights of four outputs for two words of the row. */
.macro two_words first, second
    ldm     r1!, {r10, r11, r12, lr}
    smlad   r3, \first, r10, r3
    smlad   r5, \first, r11, r5
    smlad   r3, \second, r12, r3
    smlad   r5, \second, lr, r5
    sxtb16  r10, r10
    sxtb16  r11, r11
    sxtb16  r12, r12
    sxtb16  lr, lr
    smlad   r2, \first, r10, r2
    smlad   r4, \first, r11, r4
    smlad   r2, \second, r12, r2
    smlad   r4, \second, lr, r4
.endm

/* 27 instructions of 4 bytes for 32 multiply-accumulates. */
.macro step
    ldm.w   r0!, {r6-r9}
    two_words r6, r7
    two_words r8, r9
.endm

/* `sum` is twice the sum: rounded to nearest by the multiplier, then by the shift, halves away from
 * zero; the output's zero point is in `half`. */
.macro store_general sum, multiplier, half, shift
    add     lr, \half, \sum, asr #31
    smmlar  \sum, \sum, \multiplier, lr
    asr     \sum, \sum, \shift
    ssat    \sum, #8, \sum
    strb    \sum, [r0], #1
.endm

tnf_fully_connected_block_dsp:
    push    {r4-r11, lr}
    sub     sp, sp, #(FRAME_BYTES - OUTPUT - 4)
    push    {r2}
    ldm     r0, {r2-r9}
    movs    r0, #(27 * 4)
    adr.w   r12, .Lpass + 1
    mla     r3, r3, r0, r12
    adr.w   r12, .Lshort + 1
    cbz     r5, .Lchosen
    adr.w   r12, .Lgeneral + 1
.Lchosen:
    mov     r5, r12
    push    {r2-r9}

.Lgroup:
    ldm     r1!, {r2-r5}
    ldm     sp, {r0, pc}        /* to one of the steps */
    .balign 4
.Lpass:
    .rept TNF_FULLY_CONNECTED_STEPS
    step
    .endr
    ldr     r10, [sp, #END]
    cmp     r0, r10
    bne.w   .Lpass
    sub     r3, r3, r2          /* 256 b and 256 d */
    sub     r5, r5, r4
    ldr     r12, [sp, #SCALES]
    ldr     r0, [sp, #OUTPUT]
    ldr     pc, [sp, #REQUANTIZE]

.Lshort:
    ldm     r12!, {r6-r9}
    smmla   r2, r2, r6, r7
    smmla   r3, r3, r8, r9
    ldm     r12!, {r6-r9}
    smmla   r4, r4, r6, r7
    smmla   r5, r5, r8, r9
    ldr     r10, [sp, #EXPONENT]
    add     r11, r10, #8
    asr     r2, r2, r10
    asr     r3, r3, r11
    asr     r4, r4, r10
    asr     r5, r5, r11
    ssat    r2, #8, r2
    ssat    r3, #8, r3
    ssat    r4, #8, r4
    ssat    r5, #8, r5
    strb    r2, [r0], #1
    strb    r3, [r0], #1
    strb    r4, [r0], #1
    strb    r5, [r0], #1

.Lnext:
    ldr     r10, [sp, #BACK]
    sub     r12, r12, r10
    str     r12, [sp, #SCALES]
    str     r0, [sp, #OUTPUT]
    ldr     r10, [sp, #STOP]
    cmp     r1, r10
    bne.w   .Lgroup
    add     sp, sp, #FRAME_BYTES
    pop     {r4-r11, pc}

.Lgeneral:
    ldm     r12!, {r6-r11}
    lsl     r2, r2, #1
    store_general r2, r6, r7, r8
    asr     r3, r3, #7
    store_general r3, r9, r10, r11
    ldm     r12!, {r6-r11}
    lsl     r4, r4, #1
    store_general r4, r6, r7, r8
    asr     r5, r5, #7
    store_general r5, r9, r10, r11
    b       .Lnext
    .size tnf_fully_connected_block_dsp, . - tnf_fully_connected_block_dsp
