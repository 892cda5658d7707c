/* Sums of two pixels a word, see tnf_pairs_sums in tnf_pairs.h and the page README.md.
 *
 *   r0 values          r1 the stream         r10 a weight, a count    r11 groups left
 *   lr 0x8000: a group's word begins with it, so that its lower sum is never negative
 *
 * A group goes by a jump into a chain of its TNF_PAIRS_TAPS - 1 possible further weights, so it
 * has no loop. At its end the word is added as it is, and its upper half is added apart; lower
 * sums are what the words of all groups leave when the upper ones are taken from them.
 */
#include "tnf_pairs.h"
#include "tnf_thumb.h"

/* The number of groups, and what of the lower sums the groups' 0x8000 will have added. */
.macro begin_channel start
        ldr     r0, [sp]
        ldrb    r11, [r1], #1
        ldrb    r10, [r1], #1
        orr     r11, r11, r10, lsl #8
        mov     r10, #0
        sub     \start, r10, r11, lsl #15
.endm

/* Jumps so that as many of the chain's taps remain as the byte says. */
.macro remaining_taps end, bytes
        ldrb    r10, [r1], #1
        tbb     [pc, r10]
9:
        .set    count, 0
        .rept   TNF_PAIRS_TAPS
        .byte   (\end - count * \bytes - 9b) / 2
        .set    count, count + 1
        .endr
.endm

.macro next_channel loop
        ldr     r2, [sp, #4]
        subs    r2, r2, #1
        str     r2, [sp, #4]
        bne.w   \loop
        b.w     finished
.endm

/* Eight pixels: four words r6-r9, groups' words r2-r5. Sums wait in memory around r12: what the
 * words add up to before it, upper sums from it on. */
.macro tap_4 word_2=r2, word_3=r3, word_4=r4, word_5=r5
        ldm.w   r0!, {r6-r9}
        ldrsb   r10, [r1], #1
        mla     r2, r6, r10, \word_2
        mla     r3, r7, r10, \word_3
        mla     r4, r8, r10, \word_4
        mla     r5, r9, r10, \word_5
.endm

/* Four pixels: words r8, r9, groups' words r2, r3, what they add up to r4, r5, upper sums r6, r7. */
.macro tap_2 word_2=r2, word_3=r3
        ldm.w   r0!, {r8, r9}
        ldrsb   r10, [r1], #1
        mla     r2, r8, r10, \word_2
        mla     r3, r9, r10, \word_3
.endm

/* Two pixels: word r8, the group's word r2, what they add up to r4, the upper sum r5. */
.macro tap_1 word_2=r2
        ldr     r8, [r0], #4
        ldrsb   r10, [r1], #1
        mla     r2, r8, r10, \word_2
.endm

TNF_FUNCTION tnf_pairs_sums
        push    {r4-r11, lr}
        ldr     r4, [sp, #36]
        push    {r0, r3}
        mov     lr, #0x8000
        add     r12, r2, #16
        cmp     r4, #2
        beq.w   channel_2
        blo.w   before_1

channel_4:
        begin_channel r6
        mov     r7, r6
        mov     r8, r6
        mov     r9, r6
        stmdb   r12, {r6-r9}
        mov     r6, #0
        mov     r7, r6
        mov     r8, r6
        mov     r9, r6
        stm     r12, {r6-r9}
group_4:
        tap_4   lr, lr, lr, lr
        remaining_taps taps_4_end, 24
        .rept   TNF_PAIRS_TAPS - 1
        tap_4
        .endr
taps_4_end:
        ldmdb   r12, {r6-r9}
        add     r6, r6, r2
        add     r7, r7, r3
        add     r8, r8, r4
        add     r9, r9, r5
        stmdb   r12, {r6-r9}
        ldm     r12, {r6-r9}
        add     r6, r6, r2, asr #16
        add     r7, r7, r3, asr #16
        add     r8, r8, r4, asr #16
        add     r9, r9, r5, asr #16
        stm     r12, {r6-r9}
        subs    r11, r11, #1
        bne.w   group_4
        ldmdb   r12, {r2-r5}
        sub     r2, r2, r6, lsl #16
        sub     r3, r3, r7, lsl #16
        sub     r4, r4, r8, lsl #16
        sub     r5, r5, r9, lsl #16
        stmdb   r12, {r2-r5}
        add     r12, r12, #32
        next_channel channel_4

channel_2:
        begin_channel r4
        mov     r5, r4
        mov     r6, #0
        mov     r7, #0
group_2:
        tap_2   lr, lr
        remaining_taps taps_2_end, 16
        .rept   TNF_PAIRS_TAPS - 1
        tap_2
        .endr
taps_2_end:
        add     r4, r4, r2
        add     r5, r5, r3
        add     r6, r6, r2, asr #16
        add     r7, r7, r3, asr #16
        subs    r11, r11, #1
        bne.w   group_2
        sub     r4, r4, r6, lsl #16
        sub     r5, r5, r7, lsl #16
        stmdb   r12, {r4-r7}
        add     r12, r12, #16
        next_channel channel_2

before_1:
        sub     r12, r12, #16
channel_1:
        begin_channel r4
        mov     r5, #0
group_1:
        tap_1   lr
        remaining_taps taps_1_end, 12
        .rept   TNF_PAIRS_TAPS - 1
        tap_1
        .endr
taps_1_end:
        add     r4, r4, r2
        add     r5, r5, r2, asr #16
        subs    r11, r11, #1
        bne.w   group_1
        sub     r4, r4, r5, lsl #16
        stm     r12!, {r4, r5}
        next_channel channel_1

finished:
        mov     r0, r1
        add     sp, sp, #8
        pop     {r4-r11, pc}
