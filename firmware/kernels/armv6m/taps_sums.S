/* Sums of six outputs in a row, channel by channel, see tnf_taps_sums in tnf_pairs.h.
 *
 *   r0 the next row        r1 weights       r2 values     r3 a value, its last product
 *   r4-r6 three weights    r7 a product     r8-r12, lr the six sums
 *
 * Each value is loaded once and used for all outputs whose window it is in.
 */
#include "tnf_pairs.h"
#include "tnf_thumb.h"

/* The stack: these, then what is restored at the end. */
#define ROWS 0
#define PITCH 4
#define SUMS 8
#define CHANNEL 12
#define END 16

.macro value at
        ldrb    r3, [r2, #\at]
.endm

.macro product sum, weight
        movs    r7, \weight
        muls    r7, r3, r7
        add     \sum, r7
.endm

/* The value is not needed afterwards. */
.macro last_product sum, weight
        muls    r3, \weight, r3
        add     \sum, r3
.endm

.macro weight to, at
        ldrb    \to, [r1, #\at]
        sxtb    \to, \to
.endm

.macro begin_channel
        ldr     r0, [sp, #ROWS]
        movs    r7, #0
        mov     r8, r7
        mov     r9, r7
        mov     r10, r7
        mov     r11, r7
        mov     r12, r7
        mov     lr, r7
        ldm     r0!, {r2}
.endm

.macro begin_row
        ldr     r7, [sp, #CHANNEL]
        adds    r2, r2, r7
        weight  r4, 0
        weight  r5, 1
        weight  r6, 2
        adds    r1, #3
.endm

.macro next_row loop
        ldm     r0!, {r2}
        cmp     r2, #0
        beq     1f
        b       \loop
1:
.endm

.macro end_channel loop
        ldr     r0, [sp, #SUMS]
        mov     r2, r8
        mov     r3, r9
        mov     r4, r10
        mov     r5, r11
        mov     r6, r12
        mov     r7, lr
        stm     r0!, {r2-r7}
        str     r0, [sp, #SUMS]
        ldr     r2, [sp, #CHANNEL]
        ldr     r3, [sp, #PITCH]
        adds    r2, r2, r3
        str     r2, [sp, #CHANNEL]
        ldr     r3, [sp, #END]
        cmp     r2, r3
        beq     1f
        b       \loop
1:
.endm

TNF_FUNCTION tnf_taps_sums
        push    {r4-r7, lr}
        ldr     r4, [sp, #20]
        adds    r4, r4, r3
        mov     r5, r8
        mov     r6, r9
        mov     r7, r10
        push    {r5-r7}
        mov     r5, r11
        push    {r4, r5}
        push    {r2, r3}
        ldm     r0!, {r4, r5, r6}
        muls    r3, r5, r3
        str     r3, [sp, #4]
        ldr     r3, [sp, #8]
        muls    r3, r5, r3
        str     r3, [sp, #8]
        push    {r4, r5}
        cmp     r6, #2
        bne     channel_1
        b       channel_2

channel_1:
        begin_channel
row_1:
        begin_row
        value   0
        last_product r8, r4
        value   1
        product r9, r4
        last_product r8, r5
        value   2
        product r10, r4
        product r9, r5
        last_product r8, r6
        value   3
        product r11, r4
        product r10, r5
        last_product r9, r6
        value   4
        product r12, r4
        product r11, r5
        last_product r10, r6
        value   5
        product lr, r4
        product r12, r5
        last_product r11, r6
        value   6
        product lr, r5
        last_product r12, r6
        value   7
        last_product lr, r6
        next_row row_1
        end_channel channel_1
        b       finished

channel_2:
        begin_channel
row_2:
        begin_row
        value   0
        last_product r8, r4
        value   1
        last_product r8, r5
        value   2
        product r9, r4
        last_product r8, r6
        value   3
        last_product r9, r5
        value   4
        product r10, r4
        last_product r9, r6
        value   5
        last_product r10, r5
        value   6
        product r11, r4
        last_product r10, r6
        value   7
        last_product r11, r5
        value   8
        product r12, r4
        last_product r11, r6
        value   9
        last_product r12, r5
        value   10
        product lr, r4
        last_product r12, r6
        value   11
        last_product lr, r5
        value   12
        last_product lr, r6
        next_row row_2
        end_channel channel_2

finished:
        mov     r0, r1
        add     sp, #20
        pop     {r4-r7}
        mov     r11, r4
        mov     r8, r5
        mov     r9, r6
        mov     r10, r7
        pop     {r4-r7, pc}
