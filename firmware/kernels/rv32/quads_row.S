/* A row of a fully connected layer, eight outputs at once.
 *
 * A word W holds the weights of four outputs for one input, each + 128: u0 u1 u2 u3. Two words for
 * multiplying come out of it in one instruction each:
 *
 *   even  W & 0x00ff00ff   u0 + 2^16 u2
 *   odd   W >> 8           u1 + 2^16 u3 + 2^8 u2
 *
 * A group of taps sums up x times these words in T, and x alone in TOTAL. At its end what is too
 * much is taken away modulo 2^32: the 128s, which are 128 * TOTAL in each half, and from the odd
 * word the sum of output 2, which the even word has told. What remains are two sums of 16 bits
 * each, as the packer saw to. As with pairs of pixels (tnf_pairs_words.h) L adds up all of it, and
 * H the upper halves.
 */
#include "tnf_quads_block.h"

#define ROW a0
#define T0 a1
#define T1 a2
#define T2 a3
#define T3 a4
#define PARTS a5
#define BLOCK a6
#define BLOCKS a7
#define L0 s0
#define L1 s1
#define L2 s2
#define L3 s3
#define H0 s4
#define H1 s5
#define H2 s6
#define H3 s7
#define MASK s8
#define WEIGHTS s9
#define INPUT s10
#define CHAIN s11
#define X t0
#define TOTAL t1
#define W t2
#define EVEN t3
#define BYTES t4
#define HALF t5
#define TEMPORARY t6

#define FRAME 64
#define PART 8 /* taps in the chain */

.macro quad offset, even, odd
    lw W, \offset(WEIGHTS)
    and EVEN, W, MASK
    srli W, W, 8
    mul EVEN, EVEN, X
    mul W, W, X
    add \even, \even, EVEN
    add \odd, \odd, W
.endm

/* The tap so many places before the pointers: 64 bytes, the unit of the computed jump. */
.macro tap back
    lb X, -\back(INPUT)
    add TOTAL, TOTAL, X
    quad -8 * \back, T0, T1
    quad 4 - 8 * \back, T2, T3
.endm

/* Adds an exact word to its sums; its upper half remains in `t`. */
.macro halves t, low, high
    add \low, \low, \t
    add \t, \t, HALF
    srai \t, \t, 16
    add \high, \high, \t
.endm

/* X: 128 TOTAL in both halves; W: that, and 128 TOTAL 2^8 */
.macro flush even, odd, low0, high0, low1, high1
    sub \even, \even, X
    halves \even, \low0, \high0
    slli \even, \even, 8
    sub \odd, \odd, W
    sub \odd, \odd, \even
    halves \odd, \low1, \high1
.endm

.macro first_sum low, high
    slli X, \high, 16
    sub \low, \low, X
.endm

/* After the last group. */
#define LOW t1
#define HIGH t2
#define MULTIPLIER t3
#define ADDEND t4
#define OUT a5

.macro short_form sum, index
    lw MULTIPLIER, BLOCK_FACTOR + 12 * \index(BLOCK)
    lw ADDEND, BLOCK_FACTOR + 12 * \index + 4(BLOCK)
    lw X, BLOCK_FACTOR + 12 * \index + 8(BLOCK)
    mulh \sum, \sum, MULTIPLIER
    add \sum, \sum, ADDEND
    sra \sum, \sum, X
    clamp \sum, \index
.endm

.macro exact_form sum, index
    lw MULTIPLIER, BLOCK_FACTOR + 12 * \index(BLOCK)
    lw ADDEND, BLOCK_FACTOR + 12 * \index + 4(BLOCK)
    lw X, BLOCK_FACTOR + 12 * \index + 8(BLOCK)
    mulhsu TEMPORARY, \sum, MULTIPLIER
    mul \sum, \sum, MULTIPLIER
    srli \sum, \sum, 31
    add \sum, \sum, TEMPORARY
    srai TEMPORARY, \sum, 31
    add \sum, \sum, TEMPORARY
    add \sum, \sum, ADDEND
    sra \sum, \sum, X
    clamp \sum, \index
.endm

.macro clamp sum, index
    bge \sum, LOW, 1f
    mv \sum, LOW
1:  ble \sum, HIGH, 2f
    mv \sum, HIGH
2:  sb \sum, \index(OUT)
.endm

.macro outputs form
    \form L0, 0
    \form L1, 1
    \form H0, 2
    \form H1, 3
    \form L2, 4
    \form L3, 5
    \form H2, 6
    \form H3, 7
.endm

    .option norelax
    .text
    .balign 4
    .weak tnf_quads_row
    .type tnf_quads_row, @function
tnf_quads_row:
    addi sp, sp, -FRAME
    sw s0, 0(sp)
    sw s1, 4(sp)
    sw s2, 8(sp)
    sw s3, 12(sp)
    sw s4, 16(sp)
    sw s5, 20(sp)
    sw s6, 24(sp)
    sw s7, 28(sp)
    sw s8, 32(sp)
    sw s9, 36(sp)
    sw s10, 40(sp)
    sw s11, 44(sp)
    li MASK, 0x00ff00ff
    la CHAIN, .Lend
    lui HALF, 8 /* 0x8000 */
    lw WEIGHTS, ROW_WEIGHTS(ROW)
    lw BLOCK, ROW_CONSTANTS(ROW)
    lw BLOCKS, ROW_BLOCKS(ROW)

.Lblock:
    lw INPUT, ROW_INPUT(ROW)
    lw L0, BLOCK_LOW(BLOCK)
    lw L1, BLOCK_LOW + 4(BLOCK)
    lw L2, BLOCK_LOW + 8(BLOCK)
    lw L3, BLOCK_LOW + 12(BLOCK)
    lw H0, BLOCK_HIGH(BLOCK)
    lw H1, BLOCK_HIGH + 4(BLOCK)
    lw H2, BLOCK_HIGH + 8(BLOCK)
    lw H3, BLOCK_HIGH + 12(BLOCK)
    lhu BYTES, 0(WEIGHTS)
    lhu PARTS, 2(WEIGHTS)

.Lgroup:
    addi WEIGHTS, WEIGHTS, 4
    add WEIGHTS, WEIGHTS, BYTES
    srli X, BYTES, 3
    add INPUT, INPUT, X
    li T0, 0
    li T1, 0
    li T2, 0
    li T3, 0
    li TOTAL, 0
    slli X, BYTES, 3
    sub X, CHAIN, X
    jr X

.Lpart:
    addi WEIGHTS, WEIGHTS, 8 * PART
    addi INPUT, INPUT, PART
    addi PARTS, PARTS, -1
    .option push
    .option norvc
    tap 8
    tap 7
    tap 6
    tap 5
    tap 4
    tap 3
    tap 2
    tap 1
    .option pop
.Lend:
    bnez PARTS, .Lpart

    li X, 0x00800080
    mul X, X, TOTAL
    slli W, TOTAL, 15
    add W, W, X
    flush T0, T1, L0, H0, L1, H1
    flush T2, T3, L2, H2, L3, H3
    lhu BYTES, 0(WEIGHTS)
    lhu PARTS, 2(WEIGHTS)
    bnez BYTES, .Lgroup
    addi WEIGHTS, WEIGHTS, 4

    first_sum L0, H0
    first_sum L1, H1
    first_sum L2, H2
    first_sum L3, H3
    lw OUT, ROW_OUTPUT(ROW)
    lw X, BLOCK_FIRST(BLOCK)
    add OUT, OUT, X
    lw LOW, ROW_MIN(ROW)
    lw HIGH, ROW_MAX(ROW)
    lw X, ROW_EXACT(ROW)
    bnez X, .Lexact
    outputs short_form
.Lnext:
    addi BLOCK, BLOCK, BLOCK_BYTES
    addi BLOCKS, BLOCKS, -1
    bnez BLOCKS, .Lblock
    lw s0, 0(sp)
    lw s1, 4(sp)
    lw s2, 8(sp)
    lw s3, 12(sp)
    lw s4, 16(sp)
    lw s5, 20(sp)
    lw s6, 24(sp)
    lw s7, 28(sp)
    lw s8, 32(sp)
    lw s9, 36(sp)
    lw s10, 40(sp)
    lw s11, 44(sp)
    addi sp, sp, FRAME
    ret

/* Layers without a short form. */
.Lexact:
    outputs exact_form
    j .Lnext
    .size tnf_quads_row, . - tnf_quads_row
