/* Sums of eight outputs of a row, see tnf_row_sums in tnf_pairs.h and the page README.md.
 *
 *   r0 where the group's values end    r7 values left, negative     r1 the stream
 *   r2, r3 four weights each     r4 two of them     r5 a value      r6 every other byte
 *   r8-r11 a group's words: channels 0 and 4, 1 and 5, 2 and 6, 3 and 7
 *   r12 the group's values added up    lr groups left     stack: sums
 *
 * Weights are 128 more than they are, so that two of them come out of a word by a mask. What that
 * adds to a group's word is known from the sum of its values.
 */
#include "tnf_pairs.h"
#include "tnf_thumb.h"

.macro products weights, even, odd
        movs    r4, \weights
        ands    r4, r6
        muls    r4, r5, r4
        add     \even, r4
        lsrs    \weights, \weights, #8
        ands    \weights, r6
        muls    \weights, r5, \weights
        add     \odd, \weights
.endm

/* A group's word, of which r5 is too much, to its two sums. The shift leaves the lower half's sign
 * in the carry, which rounds the upper half. */
.macro flush word, at
        mov     r4, \word
        subs    r4, r4, r5
        ldr     r2, [r7, #\at]
        adds    r2, r2, r4
        str     r2, [r7, #\at]
        asrs    r4, r4, #16
        ldr     r3, [r7, #\at + 16]
        adcs    r3, r4
        str     r3, [r7, #\at + 16]
.endm

.macro lower_sum at
        ldr     r3, [r7, #\at + 16]
        lsls    r3, r3, #16
        ldr     r2, [r7, #\at]
        subs    r2, r2, r3
        str     r2, [r7, #\at]
.endm

TNF_FUNCTION tnf_row_sums
        push    {r4-r7, lr}
        mov     r4, r8
        mov     r5, r9
        mov     r6, r10
        mov     r7, r11
        push    {r2, r4-r7}
        movs    r3, #0
        movs    r4, #0
        movs    r5, #0
        movs    r6, #0
        stm     r2!, {r3-r6}
        stm     r2!, {r3-r6}
        ldr     r6, every_other
        ldm     r1!, {r4}
        mov     lr, r4
group:
        ldm     r1!, {r7}
        adds    r0, r0, r7
        negs    r7, r7
        movs    r4, #0
        mov     r8, r4
        mov     r9, r4
        mov     r10, r4
        mov     r11, r4
        mov     r12, r4
tap:
        ldm     r1!, {r2, r3}
        ldrsb   r5, [r0, r7]
        products r2, r8, r9
        products r3, r10, r11
        add     r12, r5
        adds    r7, #1
        bne     tap
        ldr     r7, [sp]
        ldr     r5, more
        mov     r4, r12
        muls    r5, r4, r5
        flush   r8, 0
        flush   r9, 4
        flush   r10, 8
        flush   r11, 12
        mov     r4, lr
        subs    r4, r4, #1
        mov     lr, r4
        bne     group
        lower_sum 0
        lower_sum 4
        lower_sum 8
        lower_sum 12
        mov     r0, r1
        pop     {r2, r4-r7}
        mov     r8, r4
        mov     r9, r5
        mov     r10, r6
        mov     r11, r7
        pop     {r4-r7, pc}
        .balign 4
every_other:
        .word   0x00ff00ff
more:
        .word   0x00800080
