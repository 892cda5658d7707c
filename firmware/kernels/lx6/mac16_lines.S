#include "tnf_mac16_output.h"
#include "tnf_mac16_parts.h"

#define LOW TNF_OWN
#define HIGH TNF_OWN + 4
#define LINES TNF_OWN + 8
#define ODD TNF_OWN + 12
#define TURNS TNF_OWN + 16
#define LINE_STEP TNF_OWN + 20
#define NEXT_LINE TNF_OWN + 24
#define STEP TNF_OWN + 28
#define OUTPUT_LINE TNF_OWN + 32
#define VALUES TNF_OWN + 36
#define OUTPUT TNF_OWN + 40

/* Product `number` (0 to 8, three of each line) of the value in m0 or m1, of which `half` is this
 * channel's; the value two products on takes its place, from the line at `address`. Each register
 * has the weights of two taps. */
.macro  tap number, value, half, address, load
        .if     \number == 0
        mula.da.\load \half\()l, \value, \address, \value, a11
        .elseif \number == 1
        mula.da.\load \half\()h, \value, \address, \value, a11
        .elseif \number == 2
        mula.da.\load \half\()l, \value, \address, \value, a12
        .elseif \number == 3
        mula.da.\load \half\()h, \value, \address, \value, a12
        .elseif \number == 4
        mula.da.\load \half\()l, \value, \address, \value, a13
        .elseif \number == 5
        mula.da.\load \half\()h, \value, \address, \value, a13
        .elseif \number == 6
        mula.da.\load \half\()l, \value, \address, \value, a15
        .elseif \number == 7
        mula.da.\load \half\()h, \value, \address, \value, a15
        .else
        mula.da.\load \half\()l, \value, \address, \value, a2
        .endif
.endm

/* A window's nine products, forwards along its lines. Its first two values are in x and y; the last
 * two loads are of the next window, which goes backwards from the word behind this one. */
.macro  forwards half, x, y
        wsr.acclo a7
        tap     0, \x, \half, a3, ldinc
        tap     1, \y, \half, a4, ldinc
        tap     2, \x, \half, a4, ldinc
        tap     3, \y, \half, a4, ldinc
        tap     4, \x, \half, a10, ldinc
        tap     5, \y, \half, a10, ldinc
        tap     6, \x, \half, a10, ldinc
        tap     7, \y, \half, a3, ldinc
        tap     8, \x, \half, a3, lddec
.endm

/* The next window, one word further: the first word read of every line is new, the others bring the
 * addresses to where forwards goes on. */
.macro  backwards half, x, y
        wsr.acclo a7
        tap     2, \x, \half, a3, lddec
        tap     1, \y, \half, a4, ldinc
        tap     0, \x, \half, a4, lddec
        tap     5, \y, \half, a4, lddec
        tap     4, \x, \half, a10, ldinc
        tap     3, \y, \half, a10, lddec
        tap     8, \x, \half, a10, lddec
        tap     7, \y, \half, a3, ldinc
        tap     6, \x, \half, a3, ldinc
.endm

/* A window's nine products where the next window goes forwards too: a0 is from behind this one to
 * before that one. */
.macro  onwards half, x, y
        wsr.acclo a7
        tap     0, \x, \half, a3, ldinc
        tap     1, \y, \half, a4, ldinc
        tap     2, \x, \half, a4, ldinc
        tap     3, \y, \half, a4, ldinc
        add     a4, a4, a0
        tap     4, \x, \half, a10, ldinc
        tap     5, \y, \half, a10, ldinc
        add     a3, a3, a0
        tap     6, \x, \half, a10, ldinc
        add     a10, a10, a0
        tap     7, \y, \half, a3, ldinc
        tap     8, \x, \half, a3, ldinc
.endm

.macro  output_short
        tnf_short a5, a8, a9, a14
        add     a5, a5, a6
.endm

.macro  output_exact
        tnf_exact a5, a8, a9, a14, a0, LOW, HIGH
        add     a5, a5, a6
        l32i    a0, a1, STEP
.endm

/* The beginning of a line: a loop follows. */
.macro  begin_line
1:
        l32i    a3, a1, VALUES
        l32i    a10, a1, LINE_STEP
        l32i    a5, a1, OUTPUT
        addi    a3, a3, -4
        add     a4, a3, a10
        add     a10, a4, a10
        l32i    a0, a1, STEP
        l32i    a14, a1, TURNS
        ldinc   m0, a3
        ldinc   m1, a3
.endm

.macro  end_line
        l32i    a3, a1, VALUES
        l32i    a4, a1, NEXT_LINE
        l32i    a5, a1, OUTPUT
        l32i    a10, a1, OUTPUT_LINE
        add     a3, a3, a4
        s32i    a3, a1, VALUES
        add     a5, a5, a10
        s32i    a5, a1, OUTPUT
        l32i    a3, a1, LINES
        addi    a3, a3, -1
        s32i    a3, a1, LINES
        bnez    a3, 1b
        j       .Lreturn
.endm

/* Lines with a stride of 1, two windows a turn. */
.macro  dense half
        begin_line
        loopnez a14, 2f
        forwards \half, m0, m1
        output_short
        backwards \half, m1, m0
        output_short
2:
        l32i    a14, a1, ODD
        beqz    a14, 3f
        forwards \half, m0, m1
        output_short
3:
        end_line
.endm

/* Lines with any stride. */
.macro  strided half, output
        begin_line
        loopnez a14, 2f
        onwards \half, m0, m1
        \output
        onwards \half, m1, m0
        \output
2:
        l32i    a14, a1, ODD
        beqz    a14, 3f
        onwards \half, m0, m1
        \output
3:
        end_line
.endm

/* a2 weights of tap 8, a3, a4 and a10 where the window's lines are read, a5 output, a6 its step, a7
 * bias, a8 multiplier, a9 constant, a11 to a13 and a15 the other weights, a0 and a14 free. */
tnf_function tnf_mac16_lines
        l32i    a3, a2, TNF_LINES_LOW
        l32i    a4, a2, TNF_LINES_HIGH
        l32i    a5, a2, TNF_LINES_PIXELS
        l32i    a6, a2, TNF_LINES_LINES
        s32i    a3, a1, LOW
        s32i    a4, a1, HIGH
        s32i    a6, a1, LINES
        extui   a6, a5, 0, 1
        srli    a5, a5, 1
        s32i    a6, a1, ODD
        s32i    a5, a1, TURNS
        l32i    a3, a2, TNF_LINES_LINE_STEP
        l32i    a4, a2, TNF_LINES_NEXT_LINE
        l32i    a5, a2, TNF_LINES_STEP
        l32i    a6, a2, TNF_LINES_OUTPUT_LINE
        s32i    a3, a1, LINE_STEP
        s32i    a4, a1, NEXT_LINE
        s32i    a5, a1, STEP
        s32i    a6, a1, OUTPUT_LINE
        l32i    a3, a2, TNF_LINES_VALUES
        l32i    a4, a2, TNF_LINES_OUTPUT
        l32i    a14, a2, TNF_LINES_HALF
        s32i    a3, a1, VALUES
        s32i    a4, a1, OUTPUT
        l32i    a6, a2, TNF_LINES_OUTPUT_STEP
        l32i    a2, a2, TNF_LINES_CHANNEL
        addi    a5, a5, 8               /* 0 for a stride of 1 */
        l32i    a7, a2, TNF_CHANNEL_BIAS
        l32i    a8, a2, TNF_CHANNEL_MULTIPLIER
        l32i    a9, a2, TNF_CHANNEL_CONSTANT
        l32i    a10, a2, TNF_CHANNEL_SHIFT
        l32i    a11, a2, TNF_CHANNEL_TAPS
        l32i    a12, a2, TNF_CHANNEL_TAPS + 4
        l32i    a13, a2, TNF_CHANNEL_TAPS + 8
        l32i    a15, a2, TNF_CHANNEL_TAPS + 12
        l32i    a2, a2, TNF_CHANNEL_TAPS + 16
        bnez    a10, .Lexact
        bnez    a5, .Lshort
        bnez    a14, 1f
        j       .Llower
1:
        j       .Lupper
.Lshort:
        bnez    a14, 1f
        j       .Llower_strided
1:
        j       .Lupper_strided
.Lexact:
        ssr     a10
        bnez    a14, 1f
        j       .Llower_exact
1:
        j       .Lupper_exact
        nop                             /* here and below for the loops' places */
        nop
.Llower:
        dense   l
        nop
        nop
.Lupper:
        dense   h
        nop
        nop
.Llower_strided:
        strided l, output_short
        nop
.Lupper_strided:
        strided h, output_short
        nop
.Llower_exact:
        strided l, output_exact
        nop
.Lupper_exact:
        strided h, output_exact
.Lreturn:
        tnf_return
tnf_end tnf_mac16_lines
