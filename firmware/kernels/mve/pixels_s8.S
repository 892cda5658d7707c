#include "tnf_pixels_asm.h"

/* The last slice begins the sums; the chain, which is entered where as many slices as are left
 * come, adds the others. */
.macro pair_sums entry
    slice_sums vmladav.s8, 112
    ldr pc, [sp, #\entry]
    .irp at, -16, 0, 16, 32, 48, 64, 80, 96
    slice_sums vmladava.s8, \at
    .endr
.endm

    .syntax unified
    .thumb
    .text
    .align 2

#define tnf_pixels_s8 TNF_LINK_NAME(tnf_pixels_s8, TNF_BACKEND)

    .weak tnf_pixels_s8
    .type tnf_pixels_s8, %function
tnf_pixels_s8:
    begin_frame
    subs r5, r5, #1
    lsls r4, r5, #4
    subs r4, r4, #112
    set_entries r4
1:  next_pixels
    cmp r0, #0
    beq.w 3f
    dls lr, r0
2:  pair_sums FRAME_ENTRY
first_pair_end:
    pair_lanes 0, 2
    pair_sums FRAME_ENTRY_2
second_pair_end:
    pair_lanes 1, 3
    ldr pc, [sp, #FRAME_REQUANTIZE]
requantize_in_short_form:
    requantize_short
    store_outputs
    le lr, 2b
/* Channels after the last whole quad are a quad of which fewer lanes are stored. */
3:  ldrd r0, r2, [sp, #FRAME_WEIGHTS_END]
    cmp r0, r7
    beq 4f
    ldr r0, [sp, #FRAME_TAIL]
    vctp.32 r0
    mov r0, #1
    dls lr, r0
    b 2b
4:  ldr r0, [sp, #FRAME_LEFT]
    cmp r0, #0
    bgt 1b
    end_frame
requantize_exactly:
    requantize_exact
    store_outputs
    le lr, 2b
    b 3b
    .size tnf_pixels_s8, . - tnf_pixels_s8
