#include "tnf_linear_lanes_mve.h"

/* (constant + input1 * multiplier1 + input2 * multiplier2) >> shift, clamped.
 *
 *   r0 the form, then elements      r1 r2 inputs    r3 output
 *   r4 constant    r5 multiplier2   r6 shift        r7 halves
 *   q0 sums        q4 multiplier1   q5 q6 the clamp */

.macro sums
    vldrb.s32 q0, [r1], #4
    vldrb.s32 q1, [r2], #4
    vmlas.s32 q0, q4, r4
    vmla.s32 q0, q1, r5
.endm

.macro outputs
    vshl.s32 q0, r6
    vmax.s32 q0, q0, q5
    vmin.s32 q0, q0, q6
    vstrb.32 q0, [r3], #4
.endm

    .syntax unified
    .thumb
    .text
    .align 2

#define tnf_linear_lanes_s8 TNF_LINK_NAME(tnf_linear_lanes_s8, TNF_BACKEND)

    .weak tnf_linear_lanes_s8
    .type tnf_linear_lanes_s8, %function
tnf_linear_lanes_s8:
    push {r4-r7, lr}
    vpush {d8-d13}
    ldrd r4, r5, [r0, #TNF_LINEAR_MULTIPLIER_1]
    vdup.32 q4, r4
    ldrd r6, r7, [r0, #TNF_LINEAR_MIN]
    vdup.32 q5, r6
    vdup.32 q6, r7
    ldrd r4, r6, [r0, #TNF_LINEAR_CONSTANT]
    ldrd r12, r7, [r0, #TNF_LINEAR_AWAY]
    ldr r0, [r0, #TNF_LINEAR_ELEMENTS]
    cmp r12, #0
    bne 3f
    wlstp.32 lr, r0, 2f
1:  sums
    outputs
    letp lr, 1b
2:  vpop {d8-d13}
    pop {r4-r7, pc}
/* Negative sums are less by 1 before halves are added: these go away from zero. */
3:  wlstp.32 lr, r0, 5f
4:  sums
    vshr.s32 q1, q0, #31
    vadd.i32 q0, q0, r7
    vadd.i32 q0, q0, q1
    outputs
    letp lr, 4b
5:  vpop {d8-d13}
    pop {r4-r7, pc}
    .size tnf_linear_lanes_s8, . - tnf_linear_lanes_s8
