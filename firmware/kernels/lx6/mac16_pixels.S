#include "tnf_mac16_output.h"
#include "tnf_mac16_parts.h"

/* Four products. Of the values, two words are loaded ahead, into m0 and m1; of the weights one,
 * into m2 or m3: every product brings the next word in.
 *
 *   m0 m1      m2              x, y: the word's two halves
 *   v0 v1      w0              v0.x * w0.x   load w1 into m3
 *   v0 v1      w0  w1          v0.y * w0.y   load v2 into m0
 *   v2 v1          w1          v1.x * w1.x   load w2 into m2
 *   v2 v1      w2  w1          v1.y * w1.y   load v3 into m1
 *
 * `rewind` takes the weights back to the first before w2 is loaded: it ends a sum. */
.macro  quad rewind=0
        mula.dd.ldinc ll, m3, a4, m0, m2
        mula.dd.ldinc hh, m0, a3, m0, m2
        .if     \rewind
        sub     a4, a4, a11
        .endif
        mula.dd.ldinc ll, m2, a4, m1, m3
        mula.dd.ldinc hh, m1, a3, m1, m3
.endm

/* One pixel with up to 64 products: the loop over pixels costs nothing, and a jump enters the chain
 * as far from its end as there are quads. */
.macro  chain entry, output:vararg
        wsr.acclo a7
        jx      a10
        .rept   15
        quad
        .endr
\entry:
        quad    rewind=1
        \output
        add     a5, a5, a6
.endm

/* One pixel with more. */
.macro  long output:vararg
        wsr.acclo a7
        loop    a10, 5f
        quad
5:
        quad    rewind=1
        \output
        add     a5, a5, a6
        addi    a2, a2, -1
.endm

/* What a pixel's values are multiplied with stays in registers where it is no more than 8 words: no
 * product has to load a weight, and every second one loads a value. */
.macro  small words:vararg
        wsr.acclo a7
        .set    tnf_odd, 0
        .irp    word, \words
        .if     tnf_odd
        mula.da ll, m1, \word
        mula.da.ldinc hh, m1, a3, m1, \word
        .else
        mula.da ll, m0, \word
        mula.da.ldinc hh, m0, a3, m0, \word
        .endif
        .set    tnf_odd, 1 - tnf_odd
        .endr
        tnf_short a5, a8, a9, a14
        add     a5, a5, a6
.endm

        .section .text.tnf_mac16_pixels, "ax"
        .align  4
.Lshort_entry:
        .word   .Lshort_last
.Lexact_entry:
        .word   .Lexact_last

/* a2 pixels, a3 values, a4 weights, a5 output, a6 step of the output, a7 bias, a8 multiplier, a9
 * constant, a10 entry or turns, a11 bytes of the weights, a15 quads until then. */
tnf_function tnf_mac16_pixels
        l32i    a3, a2, TNF_RUN_VALUES
        l32i    a12, a2, TNF_RUN_CHANNEL
        l32i    a5, a2, TNF_RUN_OUTPUT
        l32i    a6, a2, TNF_RUN_OUTPUT_STEP
        l32i    a7, a12, TNF_CHANNEL_BIAS
        l32i    a8, a12, TNF_CHANNEL_MULTIPLIER
        l32i    a9, a12, TNF_CHANNEL_CONSTANT
        l32i    a12, a12, TNF_CHANNEL_SHIFT
        l32i    a4, a2, TNF_RUN_WEIGHTS
        l32i    a15, a2, TNF_RUN_QUADS
        l32i    a10, a2, TNF_RUN_LOW
        l32i    a11, a2, TNF_RUN_HIGH
        l32i    a2, a2, TNF_RUN_PIXELS
        addi    a3, a3, -4
        ldinc   m0, a3
        ldinc   m1, a3
        s32i    a10, a1, TNF_OWN
        s32i    a11, a1, TNF_OWN + 4
        bnez    a12, 1f
        bgeui   a15, 5, 1f
        j       .Lsmall
1:
        addi    a4, a4, -4
        ldinc   m2, a4
        slli    a11, a15, 3
        addi    a13, a15, -16
        bgei    a13, 1, 2f
        j       .Lchain
2:
        addi    a10, a15, -1
        beqz    a12, .Llong
        ssr     a12
        nop
.Llong_exact:
        long    tnf_exact a5, a8, a9, a14, a15, TNF_OWN, TNF_OWN + 4
        bnez    a2, .Llong_exact
        j       .Lreturn
        nop
.Llong:
        long    tnf_short a5, a8, a9, a14
        bnez    a2, .Llong
        j       .Lreturn

.Lchain:
        addi    a15, a15, -1            /* a quad is 12 bytes */
        addx2   a15, a15, a15
        slli    a15, a15, 2
        beqz    a12, .Lchain_short
        ssr     a12
        l32r    a10, .Lexact_entry
        sub     a10, a10, a15
        nop
        nop
        loop    a2, 5f
        chain   .Lexact_last, tnf_exact a5, a8, a9, a14, a15, TNF_OWN, TNF_OWN + 4
5:
        j       .Lreturn
.Lchain_short:
        l32r    a10, .Lshort_entry
        sub     a10, a10, a15
        loop    a2, 5f
        chain   .Lshort_last, tnf_short a5, a8, a9, a14
5:
        j       .Lreturn
        nop
        nop

.Lsmall:
        l32i    a10, a4, 0
        l32i    a11, a4, 4
        bgeui   a15, 2, 1f
        loop    a2, 5f
        small   a10, a11
5:
        j       .Lreturn
1:
        l32i    a12, a4, 8
        l32i    a13, a4, 12
        bgeui   a15, 3, 1f
        loop    a2, 5f
        small   a10, a11, a12, a13
5:
        j       .Lreturn
1:
        l32i    a0, a4, 16
        bgeui   a15, 4, 1f
        l32i    a15, a4, 20
        loop    a2, 5f
        small   a10, a11, a12, a13, a0, a15
5:
        j       .Lreturn
1:
        l32i    a15, a4, 20
        mov     a14, a2
        l32i    a2, a4, 24
        l32i    a4, a4, 28
        loop    a14, 5f
        small   a10, a11, a12, a13, a0, a15, a2, a4
5:
.Lreturn:
        tnf_return
tnf_end tnf_mac16_pixels
