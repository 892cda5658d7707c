/* Sums of eight outputs of a row, see tnf_row_sums in tnf_pairs.h and the page README.md.
 *
 *   r0 values      r1 the stream      r2-r5 a group's words: channels 0 and 4, 1 and 5, 2 and 6,
 *   r6, r7 four weights each          3 and 7
 *   r8 two of them                    r9 a value     r10 the group's values added up
 *   r11 values left, by two           r12 the sums, behind the lower four
 *   lr every other byte               stack: groups left
 *
 * Weights are 128 more than they are, so that two of them come out of a word by a mask. What that
 * adds to a group's word is known from the sum of its values.
 */
#include "tnf_pairs.h"
#include "tnf_thumb.h"

.macro tap
        ldm.w   r1!, {r6, r7}
        ldrsb   r9, [r0], #1
        and     r8, lr, r6
        mla     r2, r9, r8, r2
        and     r8, lr, r6, lsr #8
        mla     r3, r9, r8, r3
        and     r8, lr, r7
        mla     r4, r9, r8, r4
        and     r8, lr, r7, lsr #8
        mla     r5, r9, r8, r5
        add     r10, r10, r9
.endm

TNF_FUNCTION tnf_row_sums
        push    {r4-r11, lr}
        add     r12, r2, #16
        mov     lr, #0x00ff00ff
        mov     r6, #0
        mov     r7, #0
        mov     r8, #0
        mov     r9, #0
        stmdb   r12, {r6-r9}
        stm     r12, {r6-r9}
        ldr     r11, [r1], #4
        push    {r11}
group:
        ldr     r11, [r1], #4
        mov     r2, #0
        mov     r3, #0
        mov     r4, #0
        mov     r5, #0
        mov     r10, #0
        lsrs    r11, r11, #1
        bcc     taps
        tap
        cmp     r11, #0
        beq     flush
taps:
        tap
        tap
        subs    r11, r11, #1
        bne     taps
flush:
        mov     r6, #0x00800080
        mov     r7, #0x8000
        mls     r10, r10, r6, r7
        add     r2, r2, r10
        add     r3, r3, r10
        add     r4, r4, r10
        add     r5, r5, r10
        ldm     r12, {r6-r9}
        add     r6, r6, r2, asr #16
        add     r7, r7, r3, asr #16
        add     r8, r8, r4, asr #16
        add     r9, r9, r5, asr #16
        stm     r12, {r6-r9}
        ldmdb   r12, {r6-r9}
        add     r6, r6, r2
        add     r7, r7, r3
        add     r8, r8, r4
        add     r9, r9, r5
        sub     r6, r6, #0x8000
        sub     r7, r7, #0x8000
        sub     r8, r8, #0x8000
        sub     r9, r9, #0x8000
        stmdb   r12, {r6-r9}
        ldr     r10, [sp]
        subs    r10, r10, #1
        str     r10, [sp]
        bne.w   group
        ldm     r12, {r2-r5}
        sub     r6, r6, r2, lsl #16
        sub     r7, r7, r3, lsl #16
        sub     r8, r8, r4, lsl #16
        sub     r9, r9, r5, lsl #16
        stmdb   r12, {r6-r9}
        mov     r0, r1
        add     sp, sp, #4
        pop     {r4-r11, pc}
