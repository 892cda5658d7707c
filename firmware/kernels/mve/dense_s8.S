#include "tnf_dense_mve.h"

/* Eight outputs of a row, then the next eight.
 *
 *   r0 r2 r4 r6 r8 r10 r12 lr  the sums       q0     a slice of values
 *   r1 values   r9 where they begin           q1 q2  weights
 *   r3 packed weights                         q4 q5  the sums as lanes
 *   r5 output   r11 the last slice            sp     the frame below
 *   r7 turns through the chain of slices */

#define FRAME_ENTRY 0 /* where the chain begins for the slices that are no eights */
#define FRAME_TURNS 4
#define FRAME_LEFT 8 /* outputs */
#define FRAME_EXACT 12
#define FRAME_SHIFT 16
#define FRAME_OFFSET 20
#define FRAME_MIN 24
#define FRAME_MAX 28
#define FRAME_SIZE 36

.macro products multiply
    \multiply r0, q0, q1
    vldrb.8 q2, [r3], #16
    \multiply r2, q0, q2
    vldrb.8 q1, [r3], #16
    \multiply r4, q0, q1
    vldrb.8 q2, [r3], #16
    \multiply r6, q0, q2
    vldrb.8 q1, [r3], #16
    \multiply r8, q0, q1
    vldrb.8 q2, [r3], #16
    \multiply r10, q0, q2
    vldrb.8 q1, [r3], #16
    \multiply r12, q0, q1
    vldrb.8 q2, [r3], #16
    \multiply lr, q0, q2
.endm

/* (((sum + bias) * multiplier >> 32) + constant) >> exponent, saturated to bytes. */
.macro requantize_short sums
    vldrw.32 q1, [r3], #16
    vadd.i32 \sums, \sums, q1
    vldrw.32 q2, [r3], #16
    vmulh.s32 \sums, \sums, q2
    vldrw.32 q1, [r3], #16
    vadd.i32 \sums, \sums, q1
    vshl.s32 \sums, r1
    vqmovnb.s32 \sums, \sums
    vqmovnb.s16 \sums, \sums
.endm

/* The product rounded, then the shift, halves away from zero: a negative value is made one less
 * where the shift will round its half up. Then offset and clamp. */
.macro requantize_exact sums
    vldrw.32 q1, [r3], #16
    vadd.i32 \sums, \sums, q1
    vldrw.32 q2, [r3], #16
    vqrdmulh.s32 \sums, \sums, q2
    vldrw.32 q1, [r3], #16
    vand q2, \sums, q1
    vshr.s32 q2, q2, #31
    vqadd.s32 \sums, \sums, q2
    vrshl.s32 \sums, \sums, q1
    vadd.i32 \sums, \sums, r1
    vdup.32 q1, r2
    vdup.32 q2, r4
    vmax.s32 \sums, \sums, q1
    vmin.s32 \sums, \sums, q2
.endm

    .syntax unified
    .thumb
    .text
    .align 2

#define tnf_dense_s8 TNF_LINK_NAME(tnf_dense_s8, TNF_BACKEND)

    .weak tnf_dense_s8
    .type tnf_dense_s8, %function
tnf_dense_s8:
    push {r4-r11, lr}
    vpush {d8-d11}
    sub sp, sp, #FRAME_SIZE
    ldrd r3, r9, [r0, #TNF_DENSE_WEIGHTS]
    ldrd r5, r11, [r0, #TNF_DENSE_OUTPUT]
    ldrd r1, r2, [r0, #TNF_DENSE_SLICES]
    ldrd r4, r6, [r0, #TNF_DENSE_SHIFT]
    str r2, [sp, #FRAME_LEFT]
    strd r6, r4, [sp, #FRAME_EXACT]
    ldrd r2, r4, [r0, #TNF_DENSE_OFFSET]
    ldr r6, [r0, #TNF_DENSE_MAX]
    strd r2, r4, [sp, #FRAME_OFFSET]
    str r6, [sp, #FRAME_MAX]
/* The last slice is none of the chain. What is left after eights is in the first turn, which begins
 * where as many slices of 68 bytes of code follow. */
    subs r1, r1, #1
    adds r2, r1, #7
    lsrs r2, r2, #3
    rsb r4, r1, r2, lsl #3
    adr r6, chain
    add r6, r6, r4, lsl #6
    add r6, r6, r4, lsl #2
    orr r6, r6, #1
    strd r6, r2, [sp, #FRAME_ENTRY]
next_outputs:
    vldrb.8 q1, [r3], #16
    vldrb.8 q0, [r11]
    products vmladav.s8
    mov r1, r9
    ldr r7, [sp, #FRAME_TURNS]
    cmp r7, #0
    beq.w chain_end
    ldr pc, [sp, #FRAME_ENTRY]
    .align 2
chain:
    .rept 8
    vldrb.8 q1, [r3], #16
    vldrb.8 q0, [r1], #16
    products vmladava.s8
    .endr
    subs r7, r7, #1
    bgt.w chain
chain_end:
    vmov q4[2], q4[0], r0, r4
    vmov q4[3], q4[1], r2, r6
    vmov q5[2], q5[0], r8, r12
    vmov q5[3], q5[1], r10, lr
    ldrd r0, r1, [sp, #FRAME_EXACT]
    cmp r0, #0
    bne 3f
    requantize_short q4
    requantize_short q5
1:  ldr r0, [sp, #FRAME_LEFT]
    vctp.32 r0
    vpst
    vstrbt.32 q4, [r5]
    subs r0, r0, #4
    ble 2f
    vctp.32 r0
    vpst
    vstrbt.32 q5, [r5, #4]
    adds r5, r5, #8
    subs r0, r0, #4
    str r0, [sp, #FRAME_LEFT]
    bgt.w next_outputs
2:  add sp, sp, #FRAME_SIZE
    vpop {d8-d11}
    pop {r4-r11, pc}
3:  ldr r1, [sp, #FRAME_OFFSET]
    ldrd r2, r4, [sp, #FRAME_MIN]
    requantize_exact q4
    requantize_exact q5
    b 1b
    .size tnf_dense_s8, . - tnf_dense_s8
