#include "tnf_pixels_asm.h"

/* Sums begin at zero. The first turn through the chain does the slices that are no eights. */
.macro pair_sums entry
    .irp sum, r0, r2, r4, r6, r8, r10
    mov \sum, #0
    .endr
    ldr lr, [sp, #FRAME_TURNS]
    ldr pc, [sp, #\entry]
7:  .irp values, r9, r11, r12
    add \values, \values, #128
    .endr
    .irp at, 0, 16, 32, 48, 64, 80, 96, 112
    slice_sums vmladava.s8, \at
    .endr
.endm

/* Once more where there are more slices; then back to where values begin. */
.macro pair_turns
    le lr, 7b
    ldr lr, [sp, #FRAME_BACK]
    .irp values, r9, r11, r12
    sub \values, \values, lr
    .endr
.endm

    .syntax unified
    .thumb
    .text
    .align 2

#define tnf_deep_pixels_s8 TNF_LINK_NAME(tnf_deep_pixels_s8, TNF_BACKEND)

    .weak tnf_deep_pixels_s8
    .type tnf_deep_pixels_s8, %function
tnf_deep_pixels_s8:
    begin_frame
    subs r5, r5, #1
    lsrs r0, r5, #3
    lsls r1, r0, #7
    adds r0, r0, #1
    strd r0, r1, [sp, #FRAME_TURNS]
    and r5, r5, #7
    adds r5, r5, #1
    lsls r4, r5, #4
    subs r4, r4, #128
    set_entries r4
1:  next_pixels
    cmp r0, #0
    beq.w 3f
2:  pair_sums FRAME_ENTRY
first_pair_end:
    pair_turns
    pair_lanes 0, 2
    pair_sums FRAME_ENTRY_2
second_pair_end:
    pair_turns
    pair_lanes 1, 3
    ldr pc, [sp, #FRAME_REQUANTIZE]
requantize_in_short_form:
    requantize_short
5:  store_outputs
    ldr r0, [sp, #FRAME_QUADS_END]
    cmp r0, r7
    bhi.w 2b
/* Channels after the last whole quad are a quad of which fewer lanes are stored. */
3:  ldrd r0, r2, [sp, #FRAME_WEIGHTS_END]
    cmp r0, r7
    beq 4f
    ldr r0, [sp, #FRAME_TAIL]
    vctp.32 r0
    b 2b
4:  ldr r0, [sp, #FRAME_LEFT]
    cmp r0, #0
    bgt 1b
    end_frame
requantize_exactly:
    requantize_exact
    b 5b
    .size tnf_deep_pixels_s8, . - tnf_deep_pixels_s8
