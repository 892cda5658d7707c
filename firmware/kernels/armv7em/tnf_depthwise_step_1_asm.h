/* clang-format off */
/* Depthwise 3x3 at stride 1 from int16 planes, see tnf_depthwise_planes.h: for every channel two
 * output rows, block by block of two columns.
 *
 *             pair p    pair p + 1
 *     row 0   x0 x1     x2 x3         output 00: rows 0 to 2     output 01: the same, one column on
 *     row 1   x0 x1     x2 x3         output 10: rows 1 to 3     output 11
 *     row 2   x0 x1     x2 x3
 *     row 3   x0 x1     x2 x3         rows 0, 1 are the older slot, rows 2, 3 the newer
 *
 * A filter row w0 w1 w2 is two words, w0 w1 and w1 w2, of which each output takes three products in
 * two instructions:
 *
 *     output x0   (x0 x1)*(w0 w1) + x2*w2         output x1   x1*w0 + (x2 x3)*(w1 w2)
 *
 * Constants of a channel: a word of four bytes w0 w1 w1 w2 for each filter row; the bias; multiplier
 * and constant of the short requantisation, or multiplier, half and shift of the general one.
 * `form` is short or general.
 */
#ifndef TNF_DEPTHWISE_STEP_1_ASM_H
#define TNF_DEPTHWISE_STEP_1_ASM_H

#include "tnf_assembly.h"
#include "tnf_depthwise_planes.h"

#define FRAME_END 0       /* where the whole blocks end */
#define FRAME_PIXEL 4
#define FRAME_ROW 8
#define FRAME_BIAS 12
#define FRAME_SCALE 16    /* multiplier, constant */
#define FRAME_STEP 24     /* the step's fields as far as its columns */
#define FRAME_PLANES 24
#define FRAME_CONSTANTS 32
#define FRAME_CHANNELS 36
#define FRAME_GROUP_SKIP 40
#define FRAME_BLOCK_BYTES 44
#define FRAME_COLUMNS 48
#define FRAME_AFTER 52    /* where to go on after the blocks */
#define FRAME_SHIFT 56    /* of the general form */
#define FRAME_BYTES 60

#define EXPONENT 1
#define PAIR TNF_PLANES_PAIR

input   .req    r0
output  .req    r1
w01_0   .req    r2
w12_0   .req    r3
w01_1   .req    r4
w12_1   .req    r5
w01_2   .req    r6
w12_2   .req    r7
sum00   .req    r8
sum01   .req    r9
sum10   .req    r10
sum11   .req    r11
upper   .req    r12
lower   .req    lr

        .macro  requantize_short sums:vararg
        ldrd    r12, lr, [sp, #FRAME_SCALE]
        .irp    sum, \sums
        smmla   \sum, \sum, r12, lr
        ssat    \sum, #8, \sum, asr #EXPONENT
        .endr
        .endm

/* Twice a sum: rounded to nearest by the multiplier, then by the shift, halves away from zero. */
        .macro  requantize_general sums:vararg
        .irp    sum, \sums
        lsl     \sum, \sum, #1
        ldrd    r12, lr, [sp, #FRAME_SCALE]
        add     lr, lr, \sum, asr #31
        smmlar  \sum, \sum, r12, lr
        ldr     r12, [sp, #FRAME_SHIFT]
        asr     \sum, \sum, r12
        ssat    \sum, #8, \sum
        .endr
        .endm

/* Weights; bias, multiplier, constant or half and shift of the channel at r12. */
        .macro  load_constants_short
        ldm     r12!, {r3, r5, r7-r10}
        .endm

        .macro  load_constants_general
        ldm     r12!, {r3, r5, r7-r11}
        str     r11, [sp, #FRAME_SHIFT]
        .endm

/* Two rows of two columns; `newer` is where the newer slot is from the older. */
        .macro  block form, newer
        ldr     sum11, [sp, #FRAME_BIAS]
        ldrd    upper, lower, [input]
        smlad   sum00, upper, w01_0, sum11
        smlatb  sum01, upper, w01_0, sum11
        smlad   sum10, lower, w01_0, sum11
        smlatb  sum11, lower, w01_0, sum11
        smlad   sum00, lower, w01_1, sum00
        smlatb  sum01, lower, w01_1, sum01
        ldrd    upper, lower, [input, #PAIR]!
        smlabt  sum00, upper, w12_0, sum00
        smlad   sum01, upper, w12_0, sum01
        smlabt  sum10, lower, w12_0, sum10
        smlad   sum11, lower, w12_0, sum11
        smlabt  sum00, lower, w12_1, sum00
        smlad   sum01, lower, w12_1, sum01
        ldrd    upper, lower, [input, #\newer - PAIR]
        smlad   sum00, upper, w01_2, sum00
        smlatb  sum01, upper, w01_2, sum01
        smlad   sum10, upper, w01_1, sum10
        smlatb  sum11, upper, w01_1, sum11
        smlad   sum10, lower, w01_2, sum10
        smlatb  sum11, lower, w01_2, sum11
        ldrd    upper, lower, [input, #\newer]
        smlabt  sum00, upper, w12_2, sum00
        smlad   sum01, upper, w12_2, sum01
        smlabt  sum10, upper, w12_1, sum10
        smlad   sum11, upper, w12_1, sum11
        smlabt  sum10, lower, w12_2, sum10
        smlad   sum11, lower, w12_2, sum11
        requantize_\form sum00, sum01, sum10, sum11
        strb    sum00, [output]
        ldm     sp, {r8, r12, lr}       /* the end, a pixel, a row */
        strb    sum10, [output, lr]
        add     output, r12
        strb    sum01, [output]
        strb    sum11, [output, lr]
        add     output, r12
        .endm

/* Two rows of the last column. */
        .macro  column form, newer
        ldr     sum10, [sp, #FRAME_BIAS]
        ldrd    upper, lower, [input]
        smlad   sum00, upper, w01_0, sum10
        smlad   sum10, lower, w01_0, sum10
        smlad   sum00, lower, w01_1, sum00
        ldrd    upper, lower, [input, #PAIR]
        smlabt  sum00, upper, w12_0, sum00
        smlabt  sum10, lower, w12_0, sum10
        smlabt  sum00, lower, w12_1, sum00
        ldrd    upper, lower, [input, #\newer]
        smlad   sum00, upper, w01_2, sum00
        smlad   sum10, upper, w01_1, sum10
        smlad   sum10, lower, w01_2, sum10
        ldrd    upper, lower, [input, #PAIR + \newer]
        smlabt  sum00, upper, w12_2, sum00
        smlabt  sum10, upper, w12_1, sum10
        smlabt  sum10, lower, w12_2, sum10
        requantize_\form sum00, sum10
        ldr     r12, [sp, #FRAME_ROW]
        strb    sum00, [output]
        strb    sum10, [output, r12]
        .endm

/* The last row of two columns. */
        .macro  row_block form, newer
        ldr     sum01, [sp, #FRAME_BIAS]
        ldrd    upper, lower, [input]
        smlad   sum00, upper, w01_0, sum01
        smlatb  sum01, upper, w01_0, sum01
        smlad   sum00, lower, w01_1, sum00
        smlatb  sum01, lower, w01_1, sum01
        ldrd    upper, lower, [input, #PAIR]!
        smlabt  sum00, upper, w12_0, sum00
        smlad   sum01, upper, w12_0, sum01
        smlabt  sum00, lower, w12_1, sum00
        smlad   sum01, lower, w12_1, sum01
        ldr     upper, [input, #\newer - PAIR]
        ldr     lower, [input, #\newer]
        smlad   sum00, upper, w01_2, sum00
        smlatb  sum01, upper, w01_2, sum01
        smlabt  sum00, lower, w12_2, sum00
        smlad   sum01, lower, w12_2, sum01
        requantize_\form sum00, sum01
        strb    sum00, [output]
        ldrd    r8, r12, [sp]           /* the end, a pixel */
        strb    sum01, [output, r12]
        add     output, output, r12, lsl #1
        .endm

/* The last row of the last column. */
        .macro  row_column form, newer
        ldr     sum00, [sp, #FRAME_BIAS]
        ldrd    upper, lower, [input]
        smlad   sum00, upper, w01_0, sum00
        smlad   sum00, lower, w01_1, sum00
        ldrd    upper, lower, [input, #PAIR]
        smlabt  sum00, upper, w12_0, sum00
        smlabt  sum00, lower, w12_1, sum00
        ldr     upper, [input, #\newer]
        ldr     lower, [input, #PAIR + \newer]
        smlad   sum00, upper, w01_2, sum00
        smlabt  sum00, lower, w12_2, sum00
        requantize_\form sum00
        strb    sum00, [output]
        .endm

/* All channels, with the blocks of two rows or of one. */
        .macro  channels form, block, column, newer
        adr     r12, 3f
        cmp     lr, #0
        it      eq
        adreq   r12, 4f
        add     r12, #1
        str     r12, [sp, #FRAME_AFTER]
1:      ldr     r12, [sp, #FRAME_CONSTANTS]
        ldrd    input, output, [sp, #FRAME_PLANES]
        ldr     lr, [sp, #FRAME_BLOCK_BYTES]
        load_constants_\form
        sxtb16  w01_0, r3
        sxtb16  w12_0, r3, ror #8
        sxtb16  w01_1, r5
        sxtb16  w12_1, r5, ror #8
        sxtb16  w01_2, r7
        sxtb16  w12_2, r7, ror #8
        add     lr, input
        strd    r8, r9, [sp, #FRAME_BIAS]
        str     r10, [sp, #FRAME_SCALE + 4]
        str     r12, [sp, #FRAME_CONSTANTS]
        str     lr, [sp, #FRAME_END]
2:      \block  \form, \newer
        cmp     input, r8
        bne     2b
        ldr     pc, [sp, #FRAME_AFTER]
        .balign 4
3:      \column \form, \newer
        .balign 4
4:      ldrd    r0, r1, [sp, #FRAME_PLANES]
        ldr     r2, [sp, #FRAME_CHANNELS]
        adds    r0, #TNF_PLANES_CHANNEL
        adds    r1, #1
        subs    r2, #1
        strd    r0, r1, [sp, #FRAME_PLANES]
        str     r2, [sp, #FRAME_CHANNELS]
        tst     r2, #TNF_PLANES_GROUP - 1
        bne     1b
        cmp     r2, #0
        beq     .Ldone
        ldr     r2, [sp, #FRAME_GROUP_SKIP]
        add     r0, r2
        str     r0, [sp, #FRAME_PLANES]
        b       1b
        .endm

        .macro  step_1 name, form
        function \name
        push    {r4-r11, lr}
        sub     sp, #FRAME_BYTES
        ldm     r0!, {r1-r6, lr}
        add     r12, sp, #FRAME_STEP
        stm     r12, {r1-r6, lr}
        ldm     r0, {r1-r4}             /* a pixel, a row, rows, the newer slot */
        strd    r1, r2, [sp, #FRAME_PIXEL]
        cmp     r4, #0
        blt     .Lbefore
        cmp     r3, #1
        beq     .Lone_row
        channels \form, block, column, TNF_PLANES_SLOT
.Lone_row:
        channels \form, row_block, row_column, TNF_PLANES_SLOT
.Lbefore:
        cmp     r3, #1
        beq     .Lone_row_before
        channels \form, block, column, -TNF_PLANES_SLOT
.Lone_row_before:
        channels \form, row_block, row_column, -TNF_PLANES_SLOT
.Ldone:
        add     sp, #FRAME_BYTES
        pop     {r4-r11, pc}
        .size   \name, . - \name
        .endm

#endif
