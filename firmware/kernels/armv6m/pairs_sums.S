/* Sums of two pixels a word, see tnf_pairs_sums in tnf_pairs.h and the page README.md.
 *
 *   r0 values      r1 the stream       r6 a weight, a scratch register
 *   r7 the weights of the group still to come, negative, with r1 behind its last one
 *
 * At a group's end its word is added as it is, and its upper half apart, rounded: the shift leaves
 * the lower half's sign in the carry. Lower sums are what the words of all groups leave when the
 * upper sums are taken from them.
 */
#include "tnf_pairs.h"
#include "tnf_thumb.h"

/* Where the stack has values, sums and channels. */
#define VALUES 0
#define SUMS 4
#define CHANNELS 8

/* Goes to the first group of a channel, with the number of its groups in r6. */
.macro begin_channel
        ldr     r0, [sp, #VALUES]
        ldrb    r6, [r1]
        ldrb    r7, [r1, #1]
        lsls    r7, r7, #8
        orrs    r6, r7
        adds    r1, #2
.endm

.macro first_weight
        movs    r6, #0
        ldrsb   r6, [r1, r6]
.endm

/* After the first weight: to the flush where it is the only one. */
.macro further_weights flush
        ldrb    r7, [r1, #1]
        adds    r1, #2
        adds    r1, r1, r7
        negs    r7, r7
        beq     \flush
.endm

.macro next_weight
        ldrsb   r6, [r1, r7]
.endm

.macro next_tap loop
        adds    r7, #1
        bne     \loop
.endm

.macro next_channel loop
        ldr     r6, [sp, #CHANNELS]
        subs    r6, r6, #1
        str     r6, [sp, #CHANNELS]
        beq     1f
        b       \loop
1:
        b       finished
.endm

TNF_FUNCTION tnf_pairs_sums
        push    {r4-r7, lr}
        ldr     r4, [sp, #20]
        mov     r5, r8
        mov     r6, r9
        mov     r7, r10
        push    {r5-r7}
        mov     r5, r11
        push    {r0, r2, r3, r5}
        cmp     r4, #2
        bhi     channel_4
        blo     1f
        b       channel_2
1:
        b       channel_1

/* Eight pixels: words r2-r5, groups' words r8-r11, groups left lr. Sums wait in memory at r12:
 * what the words add up to, then upper sums. The first group begins them. */
.macro taps_4
        first_weight
        ldm     r0!, {r2-r5}
        muls    r2, r6, r2
        muls    r3, r6, r3
        muls    r4, r6, r4
        muls    r5, r6, r5
        mov     r8, r2
        mov     r9, r3
        mov     r10, r4
        mov     r11, r5
        further_weights 2f
1:
        ldm     r0!, {r2-r5}
        next_weight
        muls    r2, r6, r2
        muls    r3, r6, r3
        muls    r4, r6, r4
        muls    r5, r6, r5
        add     r8, r2
        add     r9, r3
        add     r10, r4
        add     r11, r5
        next_tap 1b
2:
.endm

.macro round_up word
        asrs    \word, \word, #16
        adcs    \word, r6
.endm

channel_4:
        begin_channel
        mov     lr, r6
        ldr     r7, [sp, #SUMS]
        mov     r12, r7
        taps_4
        mov     r7, r12
        mov     r2, r8
        mov     r3, r9
        mov     r4, r10
        mov     r5, r11
        stm     r7!, {r2-r5}
        movs    r6, #0
        round_up r2
        round_up r3
        round_up r4
        round_up r5
        b       groups_4
group_4:
        taps_4
        mov     r7, r12
        ldm     r7!, {r2-r5}
        add     r2, r8
        add     r3, r9
        add     r4, r10
        add     r5, r11
        mov     r7, r12
        stm     r7!, {r2-r5}
        ldm     r7!, {r2-r5}
        mov     r6, r8
        asrs    r6, r6, #16
        adcs    r2, r6
        mov     r6, r9
        asrs    r6, r6, #16
        adcs    r3, r6
        mov     r6, r10
        asrs    r6, r6, #16
        adcs    r4, r6
        mov     r6, r11
        asrs    r6, r6, #16
        adcs    r5, r6
        subs    r7, #16
groups_4:
        stm     r7!, {r2-r5}
        mov     r6, lr
        subs    r6, r6, #1
        mov     lr, r6
        bne     group_4
        str     r7, [sp, #SUMS]
        mov     r7, r12
        lsls    r2, r2, #16
        ldr     r6, [r7]
        subs    r6, r6, r2
        str     r6, [r7]
        lsls    r3, r3, #16
        ldr     r6, [r7, #4]
        subs    r6, r6, r3
        str     r6, [r7, #4]
        lsls    r4, r4, #16
        ldr     r6, [r7, #8]
        subs    r6, r6, r4
        str     r6, [r7, #8]
        lsls    r5, r5, #16
        ldr     r6, [r7, #12]
        subs    r6, r6, r5
        str     r6, [r7, #12]
        next_channel channel_4

/* Four pixels: words r2, r3, groups' words r8, r9, what they add up to r4, r5, upper sums r10, r11,
 * groups left r12. */
channel_2:
        begin_channel
        mov     r12, r6
        movs    r4, #0
        movs    r5, #0
        mov     r10, r4
        mov     r11, r5
group_2:
        first_weight
        ldm     r0!, {r2, r3}
        muls    r2, r6, r2
        muls    r3, r6, r3
        mov     r8, r2
        mov     r9, r3
        further_weights flush_2
tap_2:
        ldm     r0!, {r2, r3}
        next_weight
        muls    r2, r6, r2
        muls    r3, r6, r3
        add     r8, r2
        add     r9, r3
        next_tap tap_2
flush_2:
        mov     r2, r10
        mov     r3, r11
        mov     r6, r8
        adds    r4, r4, r6
        asrs    r6, r6, #16
        adcs    r2, r6
        mov     r6, r9
        adds    r5, r5, r6
        asrs    r6, r6, #16
        adcs    r3, r6
        mov     r10, r2
        mov     r11, r3
        mov     r6, r12
        subs    r6, r6, #1
        mov     r12, r6
        bne     group_2
        lsls    r6, r2, #16
        subs    r4, r4, r6
        lsls    r6, r3, #16
        subs    r5, r5, r6
        ldr     r7, [sp, #SUMS]
        stm     r7!, {r4, r5}
        stm     r7!, {r2, r3}
        str     r7, [sp, #SUMS]
        next_channel channel_2

/* Two pixels: word r2, the group's word r3, what these add up to r4, the upper sum r5, groups left
 * r12. */
channel_1:
        begin_channel
        mov     r12, r6
        movs    r4, #0
        movs    r5, #0
group_1:
        first_weight
        ldm     r0!, {r3}
        muls    r3, r6, r3
        further_weights flush_1
tap_1:
        ldm     r0!, {r2}
        next_weight
        muls    r2, r6, r2
        adds    r3, r3, r2
        next_tap tap_1
flush_1:
        adds    r4, r4, r3
        asrs    r3, r3, #16
        adcs    r5, r3
        mov     r6, r12
        subs    r6, r6, #1
        mov     r12, r6
        bne     group_1
        lsls    r6, r5, #16
        subs    r4, r4, r6
        ldr     r7, [sp, #SUMS]
        stm     r7!, {r4, r5}
        str     r7, [sp, #SUMS]
        next_channel channel_1

finished:
        mov     r0, r1
        add     sp, #12
        pop     {r4-r7}
        mov     r11, r4
        mov     r8, r5
        mov     r9, r6
        mov     r10, r7
        pop     {r4-r7, pc}
