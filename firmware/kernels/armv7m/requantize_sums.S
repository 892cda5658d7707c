/* The outputs of one pixel, see tnf_requantize_sums in tnf_pairs.h.
 *
 *   r0 pairs of outputs left   r1 factors   r2 sums   r3 bytes to the next sum   r4 outputs
 *   r6 start, then the product's lower word   r7 multiplier   r8 constant   r12 the exponent
 */
#include "tnf_pairs.h"
#include "tnf_thumb.h"

.macro output
        ldr     r9, [r2]
        ldm.w   r1!, {r6-r8}
        add     r2, r2, r3
        add     r9, r9, r6
        smull   r6, r9, r9, r7
        add     r9, r9, r8
        asr     r9, r9, r12
        ssat    r9, #8, r9
        strb    r9, [r4], #1
.endm

TNF_FUNCTION tnf_requantize_sums
        ldr     r12, [r0]
        cmp     r12, #0
        blt.w   tnf_requantize_sums_exact
        push    {r4-r9}
        ldrd    r0, r4, [sp, #24]
        lsl     r3, r3, #2
        lsrs    r0, r0, #1
        bcc     even
        output
        cbz     r0, last
even:
        output
        output
        subs    r0, r0, #1
        bne     even
last:
        pop     {r4-r9}
        bx      lr
