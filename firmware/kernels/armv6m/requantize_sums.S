/* The outputs of one pixel, see tnf_requantize_sums in tnf_pairs.h.
 *
 * A sum and its multiplier are halves, s, t and m, n, the upper ones first. The upper word of the
 * product is s * m + (s * n + t * m + (t * n >> 16)) >> 16; t * m is unsigned, so its upper half is
 * added apart, and the sum in brackets stays in 32 bits as long as the sum has 31.
 *
 *   r6 sums     r8 bytes to the next one     r7 factors
 *   r9 the output     r10 1     r11 where the outputs end     r12 the exponent
 */
#include "tnf_pairs.h"
#include "tnf_thumb.h"

TNF_FUNCTION tnf_requantize_sums
        push    {r4-r7, lr}
        ldr     r4, [r0]
        cmp     r4, #0
        bge     short_form
        ldr     r4, [sp, #24]
        ldr     r5, [sp, #20]
        push    {r5, r6}
        str     r4, [sp, #4]
        bl      tnf_requantize_sums_exact
        add     sp, #8
        pop     {r4-r7, pc}
short_form:
        mov     r12, r4
        mov     r4, r8
        mov     r5, r9
        mov     r6, r10
        mov     r7, r11
        push    {r4-r7}
        lsls    r3, r3, #2
        mov     r8, r3
        movs    r7, r1
        movs    r6, r2
        ldr     r4, [sp, #36]
        ldr     r5, [sp, #40]
        mov     r9, r5
        add     r4, r5
        mov     r11, r4
        movs    r4, #1
        mov     r10, r4
output:
        ldr     r0, [r6]
        add     r6, r8
        ldm     r7!, {r1-r3}
        adds    r0, r0, r1
        uxth    r1, r2          /* n */
        lsrs    r2, r2, #16     /* m */
        uxth    r4, r0          /* t */
        asrs    r0, r0, #16     /* s */
        movs    r5, r4
        muls    r5, r1, r5
        lsrs    r5, r5, #16
        muls    r1, r0, r1
        adds    r5, r5, r1
        muls    r4, r2, r4
        muls    r0, r2, r0
        uxth    r1, r4
        adds    r5, r5, r1
        lsrs    r4, r4, #16
        adds    r0, r0, r4
        asrs    r5, r5, #16
        adds    r0, r0, r5
        adds    r0, r0, r3
        mov     r1, r12
        asrs    r0, r1
        sxtb    r1, r0
        mov     r2, r9
        cmp     r0, r1
        bne     beyond
store:
        strb    r0, [r2]
        add     r9, r10
        cmp     r9, r11
        bne     output
        pop     {r4-r7}
        mov     r8, r4
        mov     r9, r5
        mov     r10, r6
        mov     r11, r7
        pop     {r4-r7, pc}
beyond:                         /* -128 where it is negative, else 127 */
        asrs    r0, r0, #31
        movs    r1, #127
        eors    r0, r1
        b       store
