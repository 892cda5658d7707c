/* From the sums of three pixels by four channels to outputs. GNU assembler, preprocessed. Include
 * it after the definitions of FRAME_SHIFT, FRAME_OFFSET, FRAME_MIN and FRAME_MAX.
 *
 *   q4 q5 q6  the sums of pixels 0, 1 and 2    r1 r3 r5  their outputs
 *   r7        a bias, a multiplier, and a constant or shift of each channel, four of each */
#ifndef TNF_OUTPUTS_ASM_H
#define TNF_OUTPUTS_ASM_H

/* clang-format off */

/* (((sum + bias) * multiplier >> 32) + constant) >> exponent, saturated to bytes. */
.macro requantize_short
    vldrw.32 q7, [r7], #16
    vldrw.32 q0, [r7], #16
    vadd.i32 q4, q4, q7
    vadd.i32 q5, q5, q7
    vadd.i32 q6, q6, q7
    vldrw.32 q1, [r7], #16
    vmulh.s32 q4, q4, q0
    vmulh.s32 q5, q5, q0
    vmulh.s32 q6, q6, q0
    ldr r0, [sp, #FRAME_SHIFT]
    .irp sums, q4, q5, q6
    vadd.i32 \sums, \sums, q1
    vshl.s32 \sums, r0
    vqmovnb.s32 \sums, \sums
    vqmovnb.s16 \sums, \sums
    .endr
.endm

/* The product rounded, then the shift, halves away from zero: a negative value is made one less
 * where the shift will round its half up. Then offset and clamp. */
.macro requantize_exact
    vldrw.32 q7, [r7], #16
    vldrw.32 q0, [r7], #16
    vldrw.32 q1, [r7], #16
    ldr r0, [sp, #FRAME_OFFSET]
    ldrd r2, r4, [sp, #FRAME_MIN]
    vdup.32 q3, r2
    .irp sums, q4, q5, q6
    vadd.i32 \sums, \sums, q7
    vqrdmulh.s32 \sums, \sums, q0
    vand q2, \sums, q1
    vshr.s32 q2, q2, #31
    vqadd.s32 \sums, \sums, q2
    vrshl.s32 \sums, \sums, q1
    vadd.i32 \sums, \sums, r0
    vmax.s32 \sums, \sums, q3
    .endr
    vdup.32 q3, r4
    .irp sums, q4, q5, q6
    vmin.s32 \sums, \sums, q3
    .endr
.endm

.macro store_outputs
    vpsttt
    vstrbt.32 q4, [r1], #4
    vstrbt.32 q5, [r3], #4
    vstrbt.32 q6, [r5], #4
.endm

#endif
