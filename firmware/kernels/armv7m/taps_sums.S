/* Sums of six outputs in a row, channel by channel, see tnf_taps_sums in tnf_pairs.h.
 *
 *   r0 the next row       r1 weights      r2 values     r3 a value
 *   r4-r9 the six sums    r10-r12 three weights         lr bytes from channel to channel
 *   stack: rows, sums, where the channel begins, where the last one ends, the stride
 *
 * Each value is loaded once and used for all outputs whose window it is in.
 */
#include "tnf_pairs.h"
#include "tnf_thumb.h"

.macro value at
        ldrb    r3, [r2, #\at]
.endm

.macro begin_channel
        ldr     r0, [sp]
        mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
        mov     r8, #0
        mov     r9, #0
        ldr     r2, [r0], #4
.endm

.macro three_weights
        ldr     r3, [sp, #8]
        add     r2, r2, r3
        ldrsb   r10, [r1], #1
        ldrsb   r11, [r1], #1
        ldrsb   r12, [r1], #1
.endm

.macro next_row loop
        ldr     r2, [r0], #4
        cmp     r2, #0
        bne.w   \loop
.endm

.macro end_channel loop
        ldr     r2, [sp, #4]
        stm     r2!, {r4-r9}
        str     r2, [sp, #4]
        ldrd    r2, r3, [sp, #8]
        add     r2, r2, lr
        str     r2, [sp, #8]
        cmp     r2, r3
        bne.w   \loop
        mov     r0, r1
        add     sp, sp, #20
        pop     {r4-r11, pc}
.endm

TNF_FUNCTION tnf_taps_sums
        push    {r4-r11, lr}
        ldr     r4, [sp, #36]
        add     r4, r4, r3
        ldm     r0, {r0, r5, r6}
        mov     lr, r5
        mul     r3, r3, r5
        mul     r4, r4, r5
        push    {r0, r2, r3, r4, r6}
        cmp     r6, #2
        beq.w   channel_2

channel_1:
        begin_channel
row_1:
        three_weights
        value   0
        mla     r4, r3, r10, r4
        value   1
        mla     r5, r3, r10, r5
        mla     r4, r3, r11, r4
        value   2
        mla     r6, r3, r10, r6
        mla     r5, r3, r11, r5
        mla     r4, r3, r12, r4
        value   3
        mla     r7, r3, r10, r7
        mla     r6, r3, r11, r6
        mla     r5, r3, r12, r5
        value   4
        mla     r8, r3, r10, r8
        mla     r7, r3, r11, r7
        mla     r6, r3, r12, r6
        value   5
        mla     r9, r3, r10, r9
        mla     r8, r3, r11, r8
        mla     r7, r3, r12, r7
        value   6
        mla     r9, r3, r11, r9
        mla     r8, r3, r12, r8
        value   7
        mla     r9, r3, r12, r9
        next_row row_1
        end_channel channel_1

channel_2:
        begin_channel
row_2:
        three_weights
        value   0
        mla     r4, r3, r10, r4
        value   1
        mla     r4, r3, r11, r4
        value   2
        mla     r4, r3, r12, r4
        mla     r5, r3, r10, r5
        value   3
        mla     r5, r3, r11, r5
        value   4
        mla     r5, r3, r12, r5
        mla     r6, r3, r10, r6
        value   5
        mla     r6, r3, r11, r6
        value   6
        mla     r6, r3, r12, r6
        mla     r7, r3, r10, r7
        value   7
        mla     r7, r3, r11, r7
        value   8
        mla     r7, r3, r12, r7
        mla     r8, r3, r10, r8
        value   9
        mla     r8, r3, r11, r8
        value   10
        mla     r8, r3, r12, r8
        mla     r9, r3, r10, r9
        value   11
        mla     r9, r3, r11, r9
        value   12
        mla     r9, r3, r12, r9
        next_row row_2
        end_channel channel_2
