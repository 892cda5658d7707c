#include "tnf_mac16_output.h"
#include "tnf_mac16_parts.h"

/* One unit; `shift` takes 256 times its sum to what the output is made of. Four products take one word of weights: it comes in by m2 while the one before it is
 * worked with. m0 and m1 are a quad's values; their loads go one quad ahead, and from the copy
 * behind the last one come those of the first, for the next unit. */
.macro  unit shift, output:vararg
        l32i    a14, a12, TNF_CHANNEL_BIAS
        add     a14, a14, a7
        wsr.acclo a14
        loop    a6, 5f
        and     a11, a8, a10
        mula.da.ldinc ll, m2, a4, m0, a8
        mula.da.ldinc hh, m0, a3, m0, a8
        mula.da ll, m1, a11
        rsr.m   a8, m2
        mula.da.ldinc hh, m1, a3, m1, a11
5:
        sub     a3, a3, a15
        l32i    a9, a12, TNF_CHANNEL_MULTIPLIER
        l32i    a13, a12, TNF_CHANNEL_CONSTANT
        rsr.acclo a14
        srai    a14, a14, \shift
        \output
        addi    a12, a12, 16
        addi    a5, a5, 1
.endm

/* a2 the end of the output, a3 values, a4 weights, a5 output, a6 quads, a7 bias, a8 the word of
 * weights, a10 0x00FF00FF, a12 channel, a15 bytes of the values. */
tnf_function tnf_mac16_units
        l32i    a3, a2, TNF_UNITS_LOW
        l32i    a4, a2, TNF_UNITS_HIGH
        s32i    a3, a1, TNF_OWN
        s32i    a4, a1, TNF_OWN + 4
        movi    a10, 255
        slli    a11, a10, 16
        or      a10, a10, a11
        l32i    a3, a2, TNF_UNITS_VALUES
        l32i    a4, a2, TNF_UNITS_WEIGHTS
        l32i    a5, a2, TNF_UNITS_OUTPUT
        l32i    a12, a2, TNF_UNITS_CHANNEL
        l32i    a6, a2, TNF_UNITS_QUADS
        l32i    a7, a2, TNF_UNITS_BIAS
        l32i    a2, a2, TNF_UNITS_UNITS
        slli    a15, a6, 3
        add     a2, a2, a5
        l32i    a8, a4, 0
        l32i    a14, a12, TNF_CHANNEL_SHIFT
        addi    a3, a3, -4
        ldinc   m0, a3
        ldinc   m1, a3
        bnez    a14, 2f
1:
        unit    8, tnf_short_sum a5, a9, a13, a14
        bne     a5, a2, 1b
        j       3f
        nop                             /* for the next loop */
        nop
2:
        l32i    a14, a12, TNF_CHANNEL_SHIFT
        ssr     a14
        unit    6, tnf_exact_sum a5, a9, a13, a14, a0, TNF_OWN, TNF_OWN + 4
        bne     a5, a2, 2b
3:
        tnf_return
tnf_end tnf_mac16_units
