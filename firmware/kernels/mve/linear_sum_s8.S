#include "tnf_kernels.h"

/* ((constant + input1 * multiplier1 + input2 * multiplier2) >> shift), clamped, four at a time.
 *
 *   r0 parameters, then elements   r1 r2 inputs     r3 output
 *   r4 constant    r5 multiplier2  r6 minus the shift
 *   q4 multiplier1 q5 q6 the clamp */

#define ELEMENTS 0
#define MULTIPLIER_1 4
#define MULTIPLIER_2 8
#define CONSTANT 12
#define SHIFT 16
#define MIN 20
#define MAX 24

    .syntax unified
    .thumb
    .text
    .align 2

#define tnf_linear_sum_s8 TNF_LINK_NAME(tnf_linear_sum_s8, TNF_BACKEND)

    .weak tnf_linear_sum_s8
    .type tnf_linear_sum_s8, %function
tnf_linear_sum_s8:
    push {r4-r7, lr}
    vpush {d8-d13}
    ldrd r4, r5, [r0, #MULTIPLIER_1]
    vdup.32 q4, r4
    ldrd r6, r7, [r0, #MIN]
    vdup.32 q5, r6
    vdup.32 q6, r7
    ldrd r4, r6, [r0, #CONSTANT]
    rsbs r6, r6, #0
    ldr r0, [r0, #ELEMENTS]
    wlstp.32 lr, r0, 2f
1:  vldrb.s32 q0, [r1], #4
    vldrb.s32 q1, [r2], #4
    vmlas.s32 q0, q4, r4
    vmla.s32 q0, q1, r5
    vshl.s32 q0, r6
    vmax.s32 q0, q0, q5
    vmin.s32 q0, q0, q6
    vstrb.32 q0, [r3], #4
    letp lr, 1b
2:  vpop {d8-d13}
    pop {r4-r7, pc}
    .size tnf_linear_sum_s8, . - tnf_linear_sum_s8
