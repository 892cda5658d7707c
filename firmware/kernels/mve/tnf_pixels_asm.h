/* What the kernels of three pixels by four channels share. GNU assembler, preprocessed.
 *
 *   r0 r2       sums of pixel 0: first and second channel of the pair
 *   r4 r6       sums of pixel 1
 *   r8 r10      sums of pixel 2
 *   r9 r11 r12  the pixels' values     r7        packed weights
 *   r1 r3 r5    the pixels' outputs    sp        the frame below
 *   q0 q1       weights of the pair    q2 q3     values
 *   q4 q5 q6    four channels' sums of pixels 0, 1 and 2
 */
#ifndef TNF_PIXELS_ASM_H
#define TNF_PIXELS_ASM_H

#include "tnf_pixels_mve.h"

/* clang-format off */

#define FRAME_BYTES 84
#define FRAME_ENTRY 0 /* where the first and the second pair enter their chain of slices */
#define FRAME_ENTRY_2 4
#define FRAME_REQUANTIZE 8
#define FRAME_SHIFT 12
#define FRAME_OFFSET 16
#define FRAME_MIN 20
#define FRAME_MAX 24
#define FRAME_WEIGHTS 28
#define FRAME_WEIGHTS_END 32
#define FRAME_QUADS 36 /* whole ones */
#define FRAME_TAIL 40  /* channels after these */
#define FRAME_VALUES 44
#define FRAME_OUTPUT 48
#define FRAME_LEFT 52
#define FRAME_CHANNELS 60
#define FRAME_TURNS 64 /* through the chain */
#define FRAME_BACK 68  /* bytes that all turns but the first go on */
#define FRAME_QUADS_END 72

#define SLICE_CODE_BYTES 44

#include "tnf_outputs_asm.h"

/* One slice of both channels: 6 x 16 products. Loads and products alternate. */
.macro slice_sums multiply, at
    vldrb.8 q0, [r7], #16
    vldrb.8 q2, [r9, #\at]
    \multiply r0, q0, q2
    vldrb.8 q1, [r7], #16
    \multiply r2, q1, q2
    vldrb.8 q3, [r11, #\at]
    \multiply r4, q0, q3
    \multiply r6, q1, q3
    vldrb.8 q2, [r12, #\at]
    \multiply r8, q0, q2
    \multiply r10, q1, q2
.endm

/* Sums of a pair become lanes: channels 0 and 2, or 1 and 3. */
.macro pair_lanes low, high
    vmov q4[\high], q4[\low], r0, r2
    vmov q5[\high], q5[\low], r4, r6
    vmov q6[\high], q6[\low], r8, r10
.endm

/* The frame from the pixels in r0. Leaves the slices in r5. */
.macro begin_frame
    push {r4-r11, lr}
    vpush {d8-d15}
    sub sp, sp, #FRAME_BYTES
    ldr r1, [r0, #TNF_PIXELS_WEIGHTS]
    ldrd r2, r3, [r0, #TNF_PIXELS_VALUES]
    ldrd r4, r5, [r0, #TNF_PIXELS_COUNT]
    ldrd r6, r7, [r0, #TNF_PIXELS_CHANNELS]
    ldrd r8, r9, [r0, #TNF_PIXELS_EXACT]
    ldrd r10, r11, [r0, #TNF_PIXELS_MIN]
    str r1, [sp, #FRAME_WEIGHTS]
    strd r2, r3, [sp, #FRAME_VALUES]
    lsls r12, r5, #4
    strd r4, r12, [sp, #FRAME_LEFT]
    str r6, [sp, #FRAME_CHANNELS]
    strd r7, r9, [sp, #FRAME_SHIFT]
    strd r10, r11, [sp, #FRAME_MIN]
    lsrs r2, r6, #2
    ands r3, r6, #3
    strd r2, r3, [sp, #FRAME_QUADS]
    lsls r7, r5, #6
    adds r7, r7, #48
    mla r1, r2, r7, r1
    str r1, [sp, #FRAME_QUADS_END]
    cmp r3, #0
    it ne
    addne r1, r1, r7
    str r1, [sp, #FRAME_WEIGHTS_END]
    cmp r8, #0
    adr r1, requantize_in_short_form
    adr r2, requantize_exactly
    it ne
    movne r1, r2
    orr r1, r1, #1
    str r1, [sp, #FRAME_REQUANTIZE]
.endm

/* Where to enter both chains for their last r5 slices. Adds `before` to where values are. */
.macro set_entries before
    ldr r1, [sp, #FRAME_VALUES]
    add r1, r1, \before
    str r1, [sp, #FRAME_VALUES]
    movs r1, #SLICE_CODE_BYTES
    muls r1, r5, r1
    adr r2, first_pair_end
    adr r3, second_pair_end
    subs r2, r2, r1
    subs r3, r3, r1
    orr r2, r2, #1
    orr r3, r3, #1
    strd r2, r3, [sp, #FRAME_ENTRY]
.endm

/* The next three pixels. Where there are fewer, the last is computed several times, to the same
 * place. Ends with all lanes stored, and the number of whole quads in r0. */
.macro next_pixels
    ldrd r0, r2, [sp, #FRAME_LEFT]
    ldr r4, [sp, #FRAME_CHANNELS]
    ldr r9, [sp, #FRAME_VALUES]
    ldr r1, [sp, #FRAME_OUTPUT]
    cmp r0, #2
    itt lt
    movlt r2, #0
    movlt r4, #0
    add r11, r9, r2
    adds r3, r1, r4
    cmp r0, #3
    itt lt
    movlt r2, #0
    movlt r4, #0
    add r12, r11, r2
    adds r5, r3, r4
    subs r0, r0, #3
    str r0, [sp, #FRAME_LEFT]
    add r2, r2, r12
    adds r4, r4, r5
    strd r2, r4, [sp, #FRAME_VALUES]
    movs r0, #4
    vctp.32 r0
    ldr r7, [sp, #FRAME_WEIGHTS]
    ldr r0, [sp, #FRAME_QUADS]
.endm

.macro end_frame
    add sp, sp, #FRAME_BYTES
    vpop {d8-d15}
    pop {r4-r11, pc}
.endm

#endif
