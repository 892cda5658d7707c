/* clang-format off */
/* Depthwise 3x3 at stride 2 from int16 planes, see tnf_depthwise_planes.h: for every channel one
 * output row, block by block of four columns.
 *
 *             pair p    pair p + 1   pair p + 2
 *     row 0   x0 x1     x2 x3        x4 x5           output 0: x0 x1 x2     output 1: x2 x3 x4
 *     row 1   x0 x1     x2 x3        x4 x5           rows 0, 1 are the older slot, row 2 is the
 *     row 2   x0 x1     x2 x3        x4 x5           upper one of the newer
 *
 * Constants of a channel: words of which even and odd bytes are the pairs (w0, w1) of filter rows 0
 * and 1; that of row 2 and (w2, w2) of rows 0 and 1; w2 of row 2. The bias; multiplier and constant
 * of the short requantisation, or multiplier, half and shift of the general one. `form` is short
 * or general.
 */
#ifndef TNF_DEPTHWISE_STEP_2_ASM_H
#define TNF_DEPTHWISE_STEP_2_ASM_H

#include "tnf_assembly.h"
#include "tnf_depthwise_planes.h"

#define FRAME_END 0       /* where the whole blocks end */
#define FRAME_BIAS 4
#define FRAME_SCALE 8     /* multiplier, constant */
#define FRAME_STEP 16     /* the step's fields as far as a pixel */
#define FRAME_PLANES 16
#define FRAME_CONSTANTS 24
#define FRAME_CHANNELS 28
#define FRAME_GROUP_SKIP 32
#define FRAME_BLOCK_BYTES 36
#define FRAME_COLUMNS 40
#define FRAME_PIXEL 44
#define FRAME_SHIFT 48 /* of the general form */
#define FRAME_BYTES 52

#define EXPONENT 1
#define PAIR TNF_PLANES_PAIR

input   .req    r0
output  .req    r1
w01_0   .req    r2
w01_1   .req    r3
w01_2   .req    r4
w2_01   .req    r5
w2_2    .req    r6
pixel   .req    r7
sum0    .req    r8
sum1    .req    r9
sum2    .req    r10
sum3    .req    r11
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
        ldm     r12!, {r3, r5, r6, r8-r10}
        .endm

        .macro  load_constants_general
        ldm     r12!, {r3, r5, r6, r8-r11}
        str     r11, [sp, #FRAME_SHIFT]
        .endm

/* The first pair of a block, with the bias in `bias`. */
        .macro  first_pair sum, bias, newer
        ldrd    upper, lower, [input]
        smlad   \sum, upper, w01_0, \bias
        smlad   \sum, lower, w01_1, \sum
        ldr     upper, [input, #\newer]
        smlad   \sum, upper, w01_2, \sum
        .endm

/* A pair of which the first column ends output `sum` and both begin output `next`. */
        .macro  middle_pair sum, next, bias, number, newer
        ldrd    upper, lower, [input, #\number * PAIR]
        smlabb  \sum, upper, w2_01, \sum
        smlad   \next, upper, w01_0, \bias
        smlabt  \sum, lower, w2_01, \sum
        smlad   \next, lower, w01_1, \next
        ldr     upper, [input, #\number * PAIR + \newer]
        smlabb  \sum, upper, w2_2, \sum
        smlad   \next, upper, w01_2, \next
        .endm

/* The pair after a block, where the next one begins. */
        .macro  last_pair sum, number, newer
        ldrd    upper, lower, [input, #\number * PAIR]!
        smlabb  \sum, upper, w2_01, \sum
        smlabt  \sum, lower, w2_01, \sum
        ldr     upper, [input, #\newer]
        smlabb  \sum, upper, w2_2, \sum
        .endm

/* All channels; `newer` is where the newer slot is from the older. */
        .macro  channels form, newer
1:      ldr     r12, [sp, #FRAME_CONSTANTS]
        ldrd    input, output, [sp, #FRAME_PLANES]
        ldr     lr, [sp, #FRAME_BLOCK_BYTES]
        load_constants_\form
        sxtb16  w01_0, r3
        sxtb16  w01_1, r3, ror #8
        sxtb16  w01_2, r5
        sxtb16  w2_01, r5, ror #8
        sxtb16  w2_2, r6
        strd    r8, r9, [sp, #FRAME_BIAS]
        str     r10, [sp, #FRAME_SCALE + 4]
        str     r12, [sp, #FRAME_CONSTANTS]
        ldr     pixel, [sp, #FRAME_PIXEL]
        cmp     lr, #0
        beq     3f
        add     lr, input
        str     lr, [sp, #FRAME_END]
2:      ldr     sum3, [sp, #FRAME_BIAS]
        first_pair  sum0, sum3, \newer
        middle_pair sum0, sum1, sum3, 1, \newer
        middle_pair sum1, sum2, sum3, 2, \newer
        middle_pair sum2, sum3, sum3, 3, \newer
        last_pair   sum3, 4, \newer
        requantize_\form sum0, sum1, sum2, sum3
        strb    sum0, [output]
        strb    sum1, [output, pixel]
        add     output, output, pixel, lsl #1
        ldr     r12, [sp, #FRAME_END]
        strb    sum2, [output]
        strb    sum3, [output, pixel]
        add     output, output, pixel, lsl #1
        cmp     input, r12
        bne     2b
3:      ldr     sum3, [sp, #FRAME_COLUMNS]
        subs    sum3, #2
        blt     4f
        ldr     sum1, [sp, #FRAME_BIAS]
        first_pair  sum0, sum1, \newer
        middle_pair sum0, sum1, sum1, 1, \newer
        last_pair   sum1, 2, \newer
        requantize_\form sum0, sum1
        strb    sum0, [output]
        strb    sum1, [output, pixel]
        beq     5f
        add     output, output, pixel, lsl #1
4:      adds    sum3, #2
        beq     5f
        ldr     sum0, [sp, #FRAME_BIAS]
        first_pair  sum0, sum0, \newer
        last_pair   sum0, 1, \newer
        requantize_\form sum0
        strb    sum0, [output]
5:      ldrd    r0, r1, [sp, #FRAME_PLANES]
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

        .macro  step_2 name, form
        function \name
        push    {r4-r11, lr}
        sub     sp, #FRAME_BYTES
        ldm     r0!, {r1-r8}            /* as far as a pixel */
        add     r12, sp, #FRAME_STEP
        stm     r12, {r1-r8}
        ldr     r3, [r0, #8]            /* the newer slot */
        cmp     r3, #0
        blt     .Lbefore
        channels \form, TNF_PLANES_SLOT
.Lbefore:
        channels \form, -TNF_PLANES_SLOT
.Ldone:
        add     sp, #FRAME_BYTES
        pop     {r4-r11, pc}
        .size   \name, . - \name
        .endm

#endif
