/* What depthwise_3x3_row_1.S and depthwise_3x3_row_2.S share: the registers, and the way from one
 * channel to the next. Each defines NAME, includes it, has the loops over columns, and ends with
 * `next_channel`. Multipliers of the exact form have their highest bit, those of the short form
 * have not.
 *
 * A channel keeps its nine weights in registers. Its columns are read once, from left to right:
 * a column's three values go into the sums of all outputs whose windows have it, of which there are
 * up to three, and the one that is complete is rounded and stored.
 */
/* clang-format off */
#include "tnf_depthwise_block.h"

#define W00 s0
#define W01 s1
#define W02 s2
#define W10 s3
#define W11 s4
#define W12 s5
#define W20 s6
#define W21 s7
#define W22 s8
#define A a0
#define B a1
#define C a2
#define X a3
#define PRODUCT a4
#define P0 t0
#define P1 t1
#define P2 t2
#define STEP t3
#define OUT t4
#define END t5
#define BIAS t6
#define MULTIPLIER a5
#define ADDEND a6
#define EXPONENT a7
#define LOW s9
#define HIGH s10
#define WEIGHTS s11
#define ROW ra

#define AT_CONSTANTS 0
#define AT_CHANNEL 4
#define AT_SAVED 8
#define FRAME 64

/* One value of a column: the next one of its row. */
.macro value pointer
    lb X, (\pointer)
    add \pointer, \pointer, STEP
.endm

.macro begin sum, weight
    mul PRODUCT, X, \weight
    add \sum, BIAS, PRODUCT
.endm

.macro more sum, weight
    mul PRODUCT, X, \weight
    add \sum, \sum, PRODUCT
.endm

/* ((sum * multiplier >> 32) + addend) >> exponent */
.macro short_form sum
    mulh \sum, \sum, MULTIPLIER
    add \sum, \sum, ADDEND
    sra \sum, \sum, EXPONENT
.endm

/* The same rounded twice, see tnf_pairs_words.h. */
.macro exact_form sum
    mulhsu X, \sum, MULTIPLIER
    mul \sum, \sum, MULTIPLIER
    srli \sum, \sum, 31
    add \sum, \sum, X
    srai X, \sum, 31
    add \sum, \sum, X
    add \sum, \sum, ADDEND
    sra \sum, \sum, EXPONENT
.endm

.macro finish form, sum
    \form \sum
    bge \sum, LOW, 1f
    mv \sum, LOW
1:  ble \sum, HIGH, 2f
    mv \sum, HIGH
2:  sb \sum, (OUT)
    add OUT, OUT, STEP
.endm

.macro next_channel
    lw X, AT_CHANNEL(sp)
    lw PRODUCT, ROW_CHANNELS(ROW)
    addi X, X, 1
    bne X, PRODUCT, .Lchannel
    lw ra, AT_SAVED + 48(sp)
    lw s0, AT_SAVED(sp)
    lw s1, AT_SAVED + 4(sp)
    lw s2, AT_SAVED + 8(sp)
    lw s3, AT_SAVED + 12(sp)
    lw s4, AT_SAVED + 16(sp)
    lw s5, AT_SAVED + 20(sp)
    lw s6, AT_SAVED + 24(sp)
    lw s7, AT_SAVED + 28(sp)
    lw s8, AT_SAVED + 32(sp)
    lw s9, AT_SAVED + 36(sp)
    lw s10, AT_SAVED + 40(sp)
    lw s11, AT_SAVED + 44(sp)
    addi sp, sp, FRAME
    ret
.endm

    .option norelax
    .text
    .balign 4
    .weak NAME
    .type NAME, @function
NAME:
    addi sp, sp, -FRAME
    sw ra, AT_SAVED + 48(sp)
    sw s0, AT_SAVED(sp)
    sw s1, AT_SAVED + 4(sp)
    sw s2, AT_SAVED + 8(sp)
    sw s3, AT_SAVED + 12(sp)
    sw s4, AT_SAVED + 16(sp)
    sw s5, AT_SAVED + 20(sp)
    sw s6, AT_SAVED + 24(sp)
    sw s7, AT_SAVED + 28(sp)
    sw s8, AT_SAVED + 32(sp)
    sw s9, AT_SAVED + 36(sp)
    sw s10, AT_SAVED + 40(sp)
    sw s11, AT_SAVED + 44(sp)
    mv ROW, a0
    lw X, ROW_CONSTANTS(ROW)
    sw X, AT_CONSTANTS(sp)
    lw WEIGHTS, ROW_WEIGHTS(ROW)
    lw STEP, ROW_CHANNELS(ROW)
    lw LOW, ROW_MIN(ROW)
    lw HIGH, ROW_MAX(ROW)
    li X, 0
.Lchannel:
    sw X, AT_CHANNEL(sp)
    lw P0, ROW_ROWS(ROW)
    lw P1, ROW_ROWS + 4(ROW)
    lw P2, ROW_ROWS + 8(ROW)
    lw OUT, ROW_OUTPUT(ROW)
    lw END, ROW_OUTPUT_BYTES(ROW)
    add P0, P0, X
    add P1, P1, X
    add P2, P2, X
    add OUT, OUT, X
    add END, END, OUT
    lw X, AT_CONSTANTS(sp)
    lw BIAS, 0(X)
    lw MULTIPLIER, 4(X)
    lw ADDEND, 8(X)
    lw EXPONENT, 12(X)
    addi X, X, 16
    sw X, AT_CONSTANTS(sp)
    lb W00, 0(WEIGHTS)
    lb W01, 1(WEIGHTS)
    lb W02, 2(WEIGHTS)
    lb W10, 3(WEIGHTS)
    lb W11, 4(WEIGHTS)
    lb W12, 5(WEIGHTS)
    lb W20, 6(WEIGHTS)
    lb W21, 7(WEIGHTS)
    lb W22, 8(WEIGHTS)
    addi WEIGHTS, WEIGHTS, 9
