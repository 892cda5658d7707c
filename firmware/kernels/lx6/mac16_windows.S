#include "tnf_mac16_output.h"
#include "tnf_mac16_parts.h"

#define PIXELS TNF_OWN + 8
#define ROWS TNF_OWN + 12
#define ROW_STEP TNF_OWN + 16
#define SEGMENTS TNF_OWN + 20

/* A run of quads; how a quad goes is in mac16_pixels.S. Its last one takes the values' address to
 * `next`, so that the two words which are loaded ahead are those of the next run; the last run of a
 * window also takes the weights back to the first. */
.macro  segment next, rewind=0
        loopnez a10, 6f
        mula.dd.ldinc ll, m3, a4, m0, m2
        mula.dd.ldinc hh, m0, a3, m0, m2
        mula.dd.ldinc ll, m2, a4, m1, m3
        mula.dd.ldinc hh, m1, a3, m1, m3
6:
        mula.dd.ldinc ll, m3, a4, m0, m2
        add     a3, a3, \next
        mula.dd.ldinc hh, m0, a3, m0, m2
        .if     \rewind
        sub     a4, a4, a11
        .endif
        mula.dd.ldinc ll, m2, a4, m1, m3
        mula.dd.ldinc hh, m1, a3, m1, m3
.endm

/* One pixel of windows of three runs. What is short stands between the runs: it takes the loops to
 * the same place of a word. */
.macro  three
        wsr.acclo a7
        segment a12
        add.n   a5, a5, a6
        segment a12
        addi.n  a2, a2, -1
        segment a13, rewind=1
.endm

/* One pixel of windows of one run, or of any other number. */
.macro  any
        l32i    a0, a1, SEGMENTS
        wsr.acclo a7
        add     a5, a5, a6
        addi    a2, a2, -1
        addi    a0, a0, -1
        beqz    a0, 4f
3:
        segment a12
        addi    a0, a0, -1
        bnez    a0, 3b
4:
        segment a13, rewind=1
.endm

/* All rows of pixels. */
.macro  all window, output:vararg
1:
        l32i    a2, a1, PIXELS
        mov     a3, a15
        ldinc   m0, a3
        ldinc   m1, a3
2:
        \window
        \output
        bnez    a2, 2b
        l32i    a2, a1, ROW_STEP
        add     a15, a15, a2
        l32i    a2, a1, ROWS
        addi    a2, a2, -1
        s32i    a2, a1, ROWS
        bnez    a2, 1b
        j       .Lreturn
.endm

/* a2 pixels left, a3 values, a4 weights, a5 output less one step, a6 step of the output, a7 bias,
 * a8 multiplier, a9 constant, a10 quads less one, a11 bytes of the weights, a12 step to the next
 * run, a13 step to the next pixel, a15 the row's first value less a word. */
tnf_function tnf_mac16_windows
        l32i    a14, a2, TNF_RUN_CHANNEL
        l32i    a7, a14, TNF_CHANNEL_BIAS
        l32i    a8, a14, TNF_CHANNEL_MULTIPLIER
        l32i    a9, a14, TNF_CHANNEL_CONSTANT
        l32i    a0, a14, TNF_CHANNEL_SHIFT
        l32i    a12, a2, TNF_RUN_LOW
        l32i    a13, a2, TNF_RUN_HIGH
        l32i    a14, a2, TNF_RUN_PIXELS
        l32i    a15, a2, TNF_RUN_ROWS
        l32i    a3, a2, TNF_RUN_ROW_STEP
        l32i    a4, a2, TNF_RUN_SEGMENTS
        s32i    a12, a1, TNF_OWN
        s32i    a13, a1, TNF_OWN + 4
        s32i    a14, a1, PIXELS
        s32i    a15, a1, ROWS
        s32i    a3, a1, ROW_STEP
        s32i    a4, a1, SEGMENTS
        l32i    a10, a2, TNF_RUN_QUADS
        l32i    a12, a2, TNF_RUN_SEGMENT_STEP
        l32i    a13, a2, TNF_RUN_PIXEL_STEP
        l32i    a6, a2, TNF_RUN_OUTPUT_STEP
        l32i    a5, a2, TNF_RUN_OUTPUT
        sub     a5, a5, a6
        l32i    a15, a2, TNF_RUN_VALUES
        addi    a15, a15, -4
        movi    a14, 0                  /* the weights' bytes: 8 a quad, in all runs */
        mov     a3, a4
1:
        add     a14, a14, a10
        addi    a3, a3, -1
        bnez    a3, 1b
        slli    a11, a14, 3
        addi    a10, a10, -1
        addi    a14, a4, -3
        l32i    a4, a2, TNF_RUN_WEIGHTS
        addi    a4, a4, -4
        ldinc   m2, a4
        beqz    a0, 2f
        ssr     a0
        bnez    a14, 1f
        j       .Lthree_exact
1:
        j       .Lany_exact
2:
        bnez    a14, 1f
        j       .Lthree
1:
        all     any, tnf_short a5, a8, a9, a14
        nop                             /* for the loops behind it */
.Lany_exact:
        all     any, tnf_exact a5, a8, a9, a14, a0, TNF_OWN, TNF_OWN + 4
.Lthree:
        all     three, tnf_short a5, a8, a9, a14
.Lthree_exact:
        all     three, tnf_exact a5, a8, a9, a14, a0, TNF_OWN, TNF_OWN + 4
.Lreturn:
        tnf_return
tnf_end tnf_mac16_windows
