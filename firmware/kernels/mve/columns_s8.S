#include "tnf_columns_mve.h"

/* Three windows by two channels share five columns of 16 values:
 *
 *   columns     q0  q1  q2  q3  q4      weights of one column at a time, of both channels: q5, q6
 *   window 0    x   x   x               sums r0 r2
 *   window 1        x   x   x           sums r4 r6
 *   window 2            x   x   x       sums r8 r10
 *
 *   r9 columns, r11 from pass to pass    r7 weights
 *   r1 r3 r5 the windows' outputs        sp the frame below */

#define FRAME_SUMS 0 /* of three windows, four channels each */
#define FRAME_SHIFT 48
#define FRAME_OFFSET 52
#define FRAME_MIN 56
#define FRAME_MAX 60
#define FRAME_REQUANTIZE 64
#define FRAME_WEIGHTS 68
#define FRAME_QUADS_END 72
#define FRAME_WEIGHTS_END 76
#define FRAME_TAIL 80 /* channels after the whole quads */
#define FRAME_VALUES 84
#define FRAME_OUTPUT 88
#define FRAME_LEFT 92 /* windows */
#define FRAME_CHANNELS 96
#define FRAME_TURNS 100 /* passes after the first */
#define FRAME_SIZE 108

#include "tnf_outputs_asm.h"

/* One pass: 18 products of 16 values, and on to the next. */
.macro pass multiply
    vldrb.8 q5, [r7], #16
    vldrb.8 q0, [r9]
    \multiply r0, q0, q5
    vldrb.8 q1, [r9, #16]
    \multiply r4, q1, q5
    vldrb.8 q2, [r9, #32]
    \multiply r8, q2, q5
    vldrb.8 q6, [r7], #16
    \multiply r2, q0, q6
    \multiply r6, q1, q6
    \multiply r10, q2, q6
    vldrb.8 q5, [r7], #16
    vmladava.s8 r0, q1, q5
    vldrb.8 q3, [r9, #48]
    vmladava.s8 r4, q2, q5
    vmladava.s8 r8, q3, q5
    vldrb.8 q6, [r7], #16
    vmladava.s8 r2, q1, q6
    vmladava.s8 r6, q2, q6
    vmladava.s8 r10, q3, q6
    vldrb.8 q5, [r7], #16
    vmladava.s8 r0, q2, q5
    vldrb.8 q4, [r9, #64]
    vmladava.s8 r4, q3, q5
    vmladava.s8 r8, q4, q5
    vldrb.8 q6, [r7], #16
    vmladava.s8 r2, q2, q6
    add r9, r9, r11
    vmladava.s8 r6, q3, q6
    vmladava.s8 r10, q4, q6
.endm

/* All passes of two channels; their sums go to the frame. */
.macro pair_sums at
    ldr r9, [sp, #FRAME_VALUES]
    ldr lr, [sp, #FRAME_TURNS]
    pass vmladav.s8
8:  pass vmladava.s8
    le lr, 8b
    strd r0, r2, [sp, #FRAME_SUMS + \at]
    strd r4, r6, [sp, #FRAME_SUMS + 16 + \at]
    strd r8, r10, [sp, #FRAME_SUMS + 32 + \at]
.endm

    .syntax unified
    .thumb
    .text
    .align 2

#define tnf_columns_s8 TNF_LINK_NAME(tnf_columns_s8, TNF_BACKEND)

    .weak tnf_columns_s8
    .type tnf_columns_s8, %function
tnf_columns_s8:
    push {r4-r11, lr}
    vpush {d8-d15}
    sub sp, sp, #FRAME_SIZE
    ldrd r1, r2, [r0, #TNF_COLUMNS_WEIGHTS]
    ldrd r3, r4, [r0, #TNF_COLUMNS_OUTPUT]
    ldrd r5, r11, [r0, #TNF_COLUMNS_PASSES]
    ldrd r6, r7, [r0, #TNF_COLUMNS_CHANNELS]
    ldrd r8, r9, [r0, #TNF_COLUMNS_EXACT]
    ldrd r10, r12, [r0, #TNF_COLUMNS_MIN]
    strd r7, r9, [sp, #FRAME_SHIFT]
    strd r10, r12, [sp, #FRAME_MIN]
    strd r2, r3, [sp, #FRAME_VALUES]
    strd r4, r6, [sp, #FRAME_LEFT]
    subs r7, r5, #1
    str r7, [sp, #FRAME_TURNS]
/* A quad takes 4 x 3 x 16 bytes of weights a pass, and 48 of scales. */
    movs r7, #192
    mul r7, r7, r5
    adds r7, r7, #48
    lsrs r2, r6, #2
    ands r3, r6, #3
    str r1, [sp, #FRAME_WEIGHTS]
    mla r1, r2, r7, r1
    str r1, [sp, #FRAME_QUADS_END]
    cmp r3, #0
    it ne
    addne r1, r1, r7
    strd r1, r3, [sp, #FRAME_WEIGHTS_END]
    cmp r8, #0
    adr r1, columns_in_short_form
    adr r2, columns_exactly
    it ne
    movne r1, r2
    orr r1, r1, #1
    str r1, [sp, #FRAME_REQUANTIZE]
next_windows:
    ldr r1, [sp, #FRAME_OUTPUT]
    ldr r0, [sp, #FRAME_CHANNELS]
    adds r3, r1, r0
    adds r5, r3, r0
    movs r0, #4
    vctp.32 r0
    ldr r7, [sp, #FRAME_WEIGHTS]
    ldr r0, [sp, #FRAME_QUADS_END]
    cmp r0, r7
    beq.w tail_channels
next_channels:
    pair_sums 0
    pair_sums 8
    vldrw.32 q4, [sp, #FRAME_SUMS]
    vldrw.32 q5, [sp, #FRAME_SUMS + 16]
    vldrw.32 q6, [sp, #FRAME_SUMS + 32]
    ldr pc, [sp, #FRAME_REQUANTIZE]
    .align 2
columns_in_short_form:
    requantize_short
1:  store_outputs
    ldr r0, [sp, #FRAME_QUADS_END]
    cmp r0, r7
    bhi.w next_channels
/* Channels after the last whole quad are a quad of which fewer lanes are stored. */
tail_channels:
    ldrd r0, r2, [sp, #FRAME_WEIGHTS_END]
    cmp r0, r7
    beq 2f
    vctp.32 r2
    b.w next_channels
/* Three windows on, or fewer: the last three begin so early that there are three. */
2:  ldrd r0, r2, [sp, #FRAME_LEFT]
    subs r0, r0, #3
    ble 3f
    str r0, [sp, #FRAME_LEFT]
    cmp r0, #3
    it gt
    movgt r0, #3
    ldrd r4, r6, [sp, #FRAME_VALUES]
    add r4, r4, r0, lsl #4
    mla r6, r0, r2, r6
    strd r4, r6, [sp, #FRAME_VALUES]
    b.w next_windows
3:  add sp, sp, #FRAME_SIZE
    vpop {d8-d15}
    pop {r4-r11, pc}
    .align 2
columns_exactly:
    requantize_exact
    b.w 1b
    .size tnf_columns_s8, . - tnf_columns_s8
