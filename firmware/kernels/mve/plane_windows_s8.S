#include "tnf_planes_mve.h"

/* Four channels of all windows of a row, then the next four.
 *
 *   r0 r2 r4 r6    sums of the four channels        q0 q1 q2 q3  their weights
 *   r8 r9 r10 r11  their windows                    q4 q5 q6     bias, multiplier, constant
 *   r1 output      r3 from output to output         q7           a window, then the sums
 *   r5 shift       r7 weights, r12 scales           sp           the frame below */

#define FRAME_WEIGHTS 0 /* q0, where it is needed for something else */
#define FRAME_PLANE 16  /* of the first of the four channels */
#define FRAME_BYTES 20
#define FRAME_OUTPUT 24
#define FRAME_COUNT 28
#define FRAME_CHANNELS 32 /* that are left */
#define FRAME_PHASES 36   /* bytes of weights for four channels and all phases */
#define FRAME_STEP 40
#define FRAME_TAPS 44
#define FRAME_OFFSET 48
#define FRAME_MIN 52
#define FRAME_MAX 56
#define FRAME_LOOP 60
#define FRAME_SIZE 68

/* The sums of one window and channel after the other, as lanes. The next windows are `step` bytes
 * further on. */
.macro window_sums step
    vldrb.8 q7, [r8], #\step
    vmladav.s8 r0, q0, q7
    vldrb.8 q7, [r9], #\step
    vmladav.s8 r2, q1, q7
    vldrb.8 q7, [r10], #\step
    vmladav.s8 r4, q2, q7
    vldrb.8 q7, [r11], #\step
    vmladav.s8 r6, q3, q7
    vmov q7[2], q7[0], r0, r4
    vmov q7[3], q7[1], r2, r6
.endm

.macro window_sums_any_step
    vldrb.8 q7, [r8]
    vmladav.s8 r0, q0, q7
    vldrb.8 q7, [r9]
    vmladav.s8 r2, q1, q7
    vldrb.8 q7, [r10]
    vmladav.s8 r4, q2, q7
    vldrb.8 q7, [r11]
    vmladav.s8 r6, q3, q7
    vmov q7[2], q7[0], r0, r4
    vmov q7[3], q7[1], r2, r6
    ldr r0, [sp, #FRAME_STEP]
    .irp window, r8, r9, r10, r11
    add \window, \window, r0
    .endr
.endm

/* (((sum + bias) * multiplier >> 32) + constant) >> exponent, saturated to bytes. */
.macro requantize_short
    vadd.i32 q7, q7, q4
    vmulh.s32 q7, q7, q5
    vadd.i32 q7, q7, q6
    vshl.s32 q7, r5
    vqmovnb.s32 q7, q7
    vqmovnb.s16 q7, q7
.endm

/* The product rounded, then the shift, halves away from zero: a negative value is made one less
 * where the shift will round its half up. Then offset and clamp. */
.macro requantize_exact
    vadd.i32 q7, q7, q4
    vqrdmulh.s32 q7, q7, q5
    vand q0, q7, q6
    vshr.s32 q0, q0, #31
    vqadd.s32 q7, q7, q0
    vrshl.s32 q7, q7, q6
    ldr r0, [sp, #FRAME_OFFSET]
    ldrd r2, r4, [sp, #FRAME_MIN]
    vadd.i32 q7, q7, r0
    vdup.32 q0, r2
    vmax.s32 q7, q7, q0
    vdup.32 q0, r4
    vmin.s32 q7, q7, q0
    vldrw.32 q0, [sp, #FRAME_WEIGHTS]
.endm

.macro store_outputs
    vstrb.32 q7, [r1]
    add r1, r1, r3
.endm

    .syntax unified
    .thumb
    .text
    .align 2

#define tnf_plane_windows_s8 TNF_LINK_NAME(tnf_plane_windows_s8, TNF_BACKEND)

    .weak tnf_plane_windows_s8
    .type tnf_plane_windows_s8, %function
tnf_plane_windows_s8:
    push {r4-r11, lr}
    vpush {d8-d15}
    sub sp, sp, #FRAME_SIZE
    ldrd r7, r12, [r0, #TNF_PLANES_WEIGHTS]
    ldrd r1, r2, [r0, #TNF_PLANES_BASE]
    strd r1, r2, [sp, #FRAME_PLANE]
    ldrd r1, r2, [r0, #TNF_PLANES_OUTPUT]
    ldrd r3, r4, [r0, #TNF_PLANES_CHANNELS]
    ldrd r5, r6, [r0, #TNF_PLANES_TAPS]
    strd r1, r2, [sp, #FRAME_OUTPUT]
    mul r6, r6, r5
    lsls r6, r6, #2
    strd r3, r6, [sp, #FRAME_CHANNELS]
    strd r4, r5, [sp, #FRAME_STEP]
    ldrd r1, r2, [r0, #TNF_PLANES_EXACT]
    ldrd r8, r9, [r0, #TNF_PLANES_MIN]
    strd r2, r8, [sp, #FRAME_OFFSET]
    str r9, [sp, #FRAME_MAX]
    vctp.8 r5
    ldr r5, [r0, #TNF_PLANES_SHIFT]
    adr r6, windows_exact
    cmp r1, #0
    bne 1f
    adr r6, windows_step_3
    cmp r4, #3
    beq 1f
    adr r6, windows_step_6
    cmp r4, #6
    beq 1f
    adr r6, windows_any_step
1:  orr r6, r6, #1
    str r6, [sp, #FRAME_LOOP]
/* Weights, scales and planes of the next four channels. */
next_channels:
    ldr r0, [sp, #FRAME_TAPS]
    ldrd r8, r2, [sp, #FRAME_PLANE]
    mov r4, r7
    vpst
    vldrbt.8 q0, [r4]
    add r4, r4, r0
    vpst
    vldrbt.8 q1, [r4]
    add r4, r4, r0
    vpst
    vldrbt.8 q2, [r4]
    add r4, r4, r0
    vpst
    vldrbt.8 q3, [r4]
    add r9, r8, r2
    add r10, r9, r2
    add r11, r10, r2
    vldrw.32 q4, [r12], #16
    vldrw.32 q5, [r12], #16
    vldrw.32 q6, [r12], #16
    ldrd r1, lr, [sp, #FRAME_OUTPUT]
    ldr pc, [sp, #FRAME_LOOP]
    .align 2
windows_step_3:
    window_sums 3
    requantize_short
    store_outputs
    le lr, windows_step_3
    b 2f
    .align 2
windows_step_6:
    window_sums 6
    requantize_short
    store_outputs
    le lr, windows_step_6
    b 2f
    .align 2
windows_any_step:
    window_sums_any_step
    requantize_short
    store_outputs
    le lr, windows_any_step
    b 2f
    .align 2
windows_exact:
    vstrw.32 q0, [sp, #FRAME_WEIGHTS]
    window_sums_any_step
    requantize_exact
    store_outputs
    le lr, windows_exact
/* The last four channels begin so early that there are four. */
2:  ldrd r0, r2, [sp, #FRAME_CHANNELS]
    subs r0, r0, #4
    ble 3f
    str r0, [sp, #FRAME_CHANNELS]
    add r7, r7, r2
    cmp r0, #4
    it gt
    movgt r0, #4
    ldr r1, [sp, #FRAME_OUTPUT]
    ldrd r2, r4, [sp, #FRAME_PLANE]
    add r1, r1, r0
    mla r2, r0, r4, r2
    str r1, [sp, #FRAME_OUTPUT]
    str r2, [sp, #FRAME_PLANE]
    b next_channels
3:  add sp, sp, #FRAME_SIZE
    vpop {d8-d15}
    pop {r4-r11, pc}
    .size tnf_plane_windows_s8, . - tnf_plane_windows_s8
