/* Sums at the places of a tile become outputs, see tnf_winograd_block.h.
 *
 * Of each column of places the sums are those of place 1, of 1 and 0, of 2, and of 2 and 3, so
 *
 *     upper = (1 and 0) + 2       lower = 1 - (2 and 3)
 *
 * and of the four columns of either
 *
 *     left = column 0 + column 1 + column 2       right = column 1 - column 2 - column 3
 *
 * which is four times a convolution's sum. The lower row is stored first, and right before left:
 * where there is no lower row, or no right column, the one that is there comes over it.
 */
#include "tnf_assembly.h"
#include "tnf_winograd_block.h"

#define COLUMN (4 * TNF_WINOGRAD_SUM_BYTES)
#define PLACE_1 0
#define PLACES_10 (1 * TNF_WINOGRAD_SUM_BYTES)
#define PLACE_2 (2 * TNF_WINOGRAD_SUM_BYTES)
#define PLACES_23 (3 * TNF_WINOGRAD_SUM_BYTES)

sums    .req    r0
scales  .req    r1
output  .req    r2
row     .req    r3
pixel   .req    r4
count   .req    r5
left    .req    r9
right   .req    lr

/* A row of outputs from the places `one` and `other`, which come together by `join`. */
        .macro  join_columns one, other, join, unjoin
        ldr     r10, [sums, #COLUMN + \one]
        ldr     r11, [sums, #COLUMN + \other]
        \join   r10, r11
        ldr     r11, [sums, #2 * COLUMN + \one]
        ldr     r12, [sums, #2 * COLUMN + \other]
        \join   r11, r12
        add     left, r10, r11
        sub     right, r10, r11
        ldr     r10, [sums, #\one]
        ldr     r11, [sums, #\other]
        ldr     r12, [sums, #3 * COLUMN + \one]
        add     left, r10
        \join   left, r11
        ldr     r10, [sums, #3 * COLUMN + \other]
        sub     right, r12
        \unjoin right, r10
        .endm

        .macro  load_scale_short
        ldm     scales!, {r6, r7}
        .endm

        .macro  requantize_short sum
        smmla   \sum, \sum, r6, r7
        ssat    \sum, #8, \sum, asr #TNF_WINOGRAD_EXPONENT
        .endm

        .macro  load_scale_general
        ldm     scales!, {r6-r8}
        .endm

/* Twice a sum: rounded to nearest by the multiplier, then by the shift, halves away from zero. */
        .macro  requantize_general sum
        asr     \sum, \sum, #1
        add     r12, r7, \sum, asr #31
        smmlar  \sum, \sum, r6, r12
        asr     \sum, \sum, r8
        ssat    \sum, #8, \sum
        .endm

        .macro  tile form
        mov     count, #4
1:      load_scale_\form
        join_columns PLACE_1, PLACES_23, sub, add
        requantize_\form left
        requantize_\form right
        add     r12, output, row
        strb    right, [r12, pixel]
        strb    left, [r12]
        join_columns PLACES_10, PLACE_2, add, sub
        requantize_\form left
        requantize_\form right
        strb    right, [output, pixel]
        strb    left, [output], #1
        add     sums, #4
        subs    count, #1
        bne     1b
        .endm

        function tnf_winograd_store_dsp
        push    {r4-r11, lr}
        ldm     r0, {r0-r5}
        cmp     count, #0
        beq     .Lshort
        tile    general
        pop     {r4-r11, pc}
.Lshort:
        tile    short
        pop     {r4-r11, pc}
        .size   tnf_winograd_store_dsp, . - tnf_winograd_store_dsp
