/* The outputs of pixels, channel by channel, see tnf_requantize_sums in tnf_pairs.h.
 *
 *   r0 pairs of pixels left   r1 factors          r2 the output        r3 that of the first pixel
 *   r4 sums                   r5 bytes between two channels' sums      r6 pixels
 *   r8 the pitch              r9 start, r10 multiplier, r11 constant   r12 the exponent
 *   lr a sum                  r7 the product's upper word              stack: channels left
 */
#include "tnf_pairs.h"
#include "tnf_thumb.h"

.macro output
        ldr     lr, [r4], #4
        add     lr, lr, r9
        smull   lr, r7, lr, r10
        add     r7, r7, r11
        asr     r7, r7, r12
        ssat    r7, #8, r7
        strb    r7, [r2]
        add     r2, r2, r8
.endm

TNF_FUNCTION tnf_requantize_sums
        ldr     r12, [r0]
        cmp     r12, #0
        blt.w   tnf_requantize_sums_exact
        push    {r4-r11, lr}
        ldm     r2, {r4-r8}
        push    {r7}
        sub     r5, r5, r6
        lsl     r5, r5, #2
channel:
        ldm     r1!, {r9-r11}
        mov     r2, r3
        add     r3, r3, #1
        lsrs    r0, r6, #1
        bcc     pixels
        output
        cbz     r0, next
pixels:
        output
        output
        subs    r0, r0, #1
        bne     pixels
next:
        add     r4, r4, r5
        ldr     r0, [sp]
        subs    r0, r0, #1
        str     r0, [sp]
        bne     channel
        add     sp, sp, #4
        pop     {r4-r11, pc}
