#include "tnf_mac16.h"
#include "tnf_mac16_parts.h"

/* Value `number` of the two words, as x + 128 and y + 128. */
.macro  one number
        extui   a10, a8, 8 * \number, 8
        extui   a11, a9, 8 * \number, 8
        mull    a10, a10, a6
        mull    a11, a11, a7
        add     a10, a10, a15
        add     a10, a10, a11
        sra     a10, a10
        clamps.int8 a10, a10
        s8i     a10, a4, \number
.endm

/* a2 form, a3 first input, a13 second input, a4 output, a5 words, a6 and a7 multipliers, a12
 * 0x80808080, a15 constant. */
tnf_function tnf_mac16_linear
        mov     a13, a4
        mov     a4, a5
        mov     a5, a6
        l32i    a6, a2, TNF_LINEAR_FIRST
        l32i    a7, a2, TNF_LINEAR_SECOND
        l32i    a15, a2, TNF_LINEAR_CONSTANT
        l32i    a8, a2, TNF_LINEAR_SHIFT
        ssr     a8
        add     a9, a6, a7
        slli    a9, a9, 7
        sub     a15, a15, a9            /* for what the inputs are raised by */
        movi    a12, 128
        slli    a8, a12, 8
        or      a12, a12, a8
        slli    a8, a12, 16
        or      a12, a12, a8
        loop    a5, 1f
        l32i    a8, a3, 0
        l32i    a9, a13, 0
        xor     a8, a8, a12
        xor     a9, a9, a12
        one     0
        one     1
        one     2
        one     3
        addi    a3, a3, 4
        addi    a13, a13, 4
        addi    a4, a4, 4
1:
        tnf_return
tnf_end tnf_mac16_linear
