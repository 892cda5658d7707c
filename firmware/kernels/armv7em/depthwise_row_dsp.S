/* One output row of one channel with any filter, see tnf_depthwise_row.h: four outputs at a time,
 * each with a pointer of its own into the plane.
 *
 *     plane    x0 x1 x2 x3 x4 x5 x6 ...       a filter's row is words (w0 w1) (w2 w3) ...,
 *              ^     ^     ^     ^            the last with a zero where its width is odd
 *              r0    r1    r2    r3           (here at stride 2)
 *
 * Constants of a channel: the bias; multiplier, constant and nothing of the short requantisation, or
 * multiplier, half and shift of the general one; the words of all rows.
 */
#include "tnf_assembly.h"
#include "tnf_depthwise_row.h"

#define STEP_BYTES 36

#define FRAME_VALUES 0
#define FRAME_CONSTANTS 4
#define FRAME_OUTPUT 8
#define FRAME_COLUMNS 12
#define FRAME_COLUMN_BYTES 16
#define FRAME_PIXEL 20
#define FRAME_ROWS 24
#define FRAME_GENERAL 28
#define FRAME_BYTES 36

word    .req    r8
value   .req    r9
words   .req    r10
entry   .req    r11
skip    .req    r12
rows    .req    lr

        function tnf_depthwise_row_dsp
        push    {r4-r11, lr}
        sub     sp, #FRAME_BYTES
        ldm     r0, {r1-r10}
        mov     r0, sp
        stm     r0, {r1-r7}
        str     r10, [sp, #FRAME_GENERAL]
        sub     skip, r9, r8, lsl #2
        rsb     r8, r8, #TNF_DEPTHWISE_ROW_PAIRS
        mov     r9, #STEP_BYTES
        adr.w   entry, .Lsteps + 1
        mla     entry, r8, r9, entry
.Lblock:
        ldr     r0, [sp, #FRAME_VALUES]
        ldr     r9, [sp, #FRAME_COLUMN_BYTES]
        ldr     words, [sp, #FRAME_CONSTANTS]
        ldr     rows, [sp, #FRAME_ROWS]
        add     r1, r0, r9
        add     r2, r1, r9
        add     r3, r2, r9
        add     r9, r3
        str     r9, [sp, #FRAME_VALUES]
        ldr     r4, [words], #4 * TNF_DEPTHWISE_ROW_HEAD
        mov     r5, r4
        mov     r6, r4
        mov     r7, r4
.Lrow:
        bx      entry
        .balign 4
.Lsteps:
        .rept   TNF_DEPTHWISE_ROW_PAIRS
        ldr     word, [words], #4
        ldr     value, [r0], #4
        smlad   r4, value, word, r4
        ldr     value, [r1], #4
        smlad   r5, value, word, r5
        ldr     value, [r2], #4
        smlad   r6, value, word, r6
        ldr     value, [r3], #4
        smlad   r7, value, word, r7
        .endr
        add     r0, skip
        add     r1, skip
        add     r2, skip
        add     r3, skip
        subs    rows, #1
        bne     .Lrow

        ldr     r2, [sp, #FRAME_CONSTANTS]
        ldr     r3, [sp, #FRAME_GENERAL]
        ldrd    r8, r9, [r2, #4]
        cmp     r3, #0
        bne     .Lgeneral
        .irp    sum, r4, r5, r6, r7
        smmla   \sum, \sum, r8, r9
        ssat    \sum, #8, \sum, asr #TNF_DEPTHWISE_ROW_EXPONENT
        .endr
.Lstore:
        ldrd    r0, r1, [sp, #FRAME_OUTPUT]     /* and the columns */
        ldr     r2, [sp, #FRAME_PIXEL]
        subs    r1, #4
        blt     .Lpart
        strb    r4, [r0]
        strb    r5, [r0, r2]
        add     r0, r0, r2, lsl #1
        strb    r6, [r0]
        strb    r7, [r0, r2]
        add     r0, r0, r2, lsl #1
        strd    r0, r1, [sp, #FRAME_OUTPUT]
        bne     .Lblock
.Ldone:
        add     sp, #FRAME_BYTES
        pop     {r4-r11, pc}
.Lpart:
        strb    r4, [r0]
        cmp     r1, #-2
        blt     .Ldone
        strb    r5, [r0, r2]
        beq     .Ldone
        strb    r6, [r0, r2, lsl #1]
        b       .Ldone

/* Twice a sum: rounded to nearest by the multiplier, then by the shift, halves away from zero. */
.Lgeneral:
        ldr     r2, [r2, #12]
        .irp    sum, r4, r5, r6, r7
        lsl     \sum, \sum, #1
        add     r3, r9, \sum, asr #31
        smmlar  \sum, \sum, r8, r3
        asr     \sum, \sum, r2
        ssat    \sum, #8, \sum
        .endr
        b       .Lstore
        .size   tnf_depthwise_row_dsp, . - tnf_depthwise_row_dsp
