/* The loop over channels and taps that pairs_words_2.S and pairs_words_3.S share: WORDS pairs of
 * pixels times 2 output channels. Each defines
 * WORDS and NAME and includes it.
 *
 * What lies where, for word i of the block and channel j of the pair:
 *
 *   Tij   the products since the last flush: the first pixel's in the lower half, the second's in
 *         the upper one. The packer cut the taps into groups so that each half keeps its 16 bits.
 *   Lij   all products modulo 2^32: first + 2^16 * second
 *   Hij   the second pixel's alone: the sum of the upper halves, rounded
 *
 * so in the end the second sum is H and the first L - 2^16 * H, both exact.
 *
 * A group of g taps is reached from its end: the pointers go behind it, the last tap begins the
 * sums without adding, and a computed jump enters the chain of all other taps where g - 1 are left.
 */
/* clang-format off */
#include "tnf_pairs_block.h"

#define W a0
#define CHAIN a1
#define T00 a2
#define T01 a3
#define T10 a4
#define T11 a5
#define T20 a6
#define T21 a7
#define L00 s0
#define L01 s1
#define L10 s2
#define L11 s3
#define L20 s4
#define L21 s5
#define H00 s6
#define H01 s7
#define H10 s8
#define H11 s9
#define H20 s10
#define H21 s11
#define P0 t0
#define P1 t1
#define P2 t2
#define W0 t3
#define W1 t4
#define X t5
#define PRODUCT t6
#define HALF ra

/* Between groups and after the last one these are free. */
#define BYTES W0
#define SKIP W1
#define WHERE PRODUCT

/* The frame. */
#define AT_BLOCK 0
#define AT_CONSTANTS 4
#define AT_END 8
#define AT_SEGMENT 12
#define AT_SAVED 16
#define FRAME 80

#if WORDS == 2
#define TAP_WORDS s4 /* the size of a tap's instructions, in words */
#endif

#ifdef __riscv_compressed
#define WIDE .option norvc
#define NARROW .option rvc
#define TAP_BYTES (WORDS * 20 + 4)
#else
#define WIDE
#define NARROW
#define TAP_BYTES (WORDS * 20 + 8)
#endif

.macro third instruction:vararg
.if WORDS == 3
    \instruction
.endif
.endm

/* One word of a tap, times both weights. */
.macro word t0, t1, pointer, offset
    lw X, \offset(\pointer)
    mul PRODUCT, X, W0
    mul X, X, W1
    add \t0, \t0, PRODUCT
    add \t1, \t1, X
.endm

/* The tap so many places before the pointers. Its size is the unit of the computed jump: with
 * three words some instructions are kept wide to make it 64 bytes. */
.macro tap back
    lb W0, -2 * (\back)(W)
    lb W1, 1 - 2 * (\back)(W)
    word T00, T01, P0, -4 * (\back)
    WIDE
    word T10, T11, P1, -4 * (\back)
    third word T20, T21, P2, -4 * (\back)
    NARROW
.endm

.macro first_tap t0, t1, pointer
    lw X, -4(\pointer)
    mul \t0, X, W0
    mul \t1, X, W1
.endm

.macro flush t, l, h
    add \l, \l, \t
    add \t, \t, HALF
    srai \t, \t, 16
    add \h, \h, \t
.endm

.macro first_sum l, h
    slli X, \h, 16
    sub \l, \l, X
.endm

/* After the last group. */
#define OUT a2
#define STEP a3
#define BACK a4
#define PAIR a5
#define HIGH a6
#define TEMPORARY a7
#define LOW t0
#define MULTIPLIER0 t1
#define ADDEND0 t2
#define EXPONENT0 t3
#define MULTIPLIER1 t4
#define ADDEND1 t5
#define EXPONENT1 t6

/* ((sum * multiplier >> 32) + addend) >> exponent */
.macro short_form sum, multiplier, addend, exponent
    mulh \sum, \sum, \multiplier
    add \sum, \sum, \addend
    sra \sum, \sum, \exponent
.endm

/* The same rounded twice: sum * multiplier / 2^32 to nearest, halves up; that / 2^exponent to
 * nearest, halves away from zero. The addend has the second half, and the output's offset. */
.macro exact_form sum, multiplier, addend, exponent
    mulhsu TEMPORARY, \sum, \multiplier
    mul \sum, \sum, \multiplier
    srli \sum, \sum, 31
    add \sum, \sum, TEMPORARY
    srai TEMPORARY, \sum, 31
    add \sum, \sum, TEMPORARY
    add \sum, \sum, \addend
    sra \sum, \sum, \exponent
.endm

.macro clamp sum, place
    bge \sum, LOW, 1f
    mv \sum, LOW
1:  ble \sum, HIGH, 2f
    mv \sum, HIGH
2:  sb \sum, \place
.endm

.macro pixel form, sum0, sum1
    \form \sum0, MULTIPLIER0, ADDEND0, EXPONENT0
    clamp \sum0, 0(OUT)
    \form \sum1, MULTIPLIER1, ADDEND1, EXPONENT1
    clamp \sum1, 1(OUT)
.endm

/* The first pixels of all words, then the second ones, from the last word back. */
.macro pixels form
    pixel \form, L00, L01
    add OUT, OUT, STEP
    pixel \form, L10, L11
    third add OUT, OUT, STEP
    third pixel \form, L20, L21
    add OUT, OUT, BACK
    third pixel \form, H20, H21
    third sub OUT, OUT, STEP
    pixel \form, H10, H11
    sub OUT, OUT, STEP
    pixel \form, H00, H01
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
    sw a0, AT_BLOCK(sp)
    lw t0, BLOCK_CONSTANTS(a0)
    sw t0, AT_CONSTANTS(sp)
    lw t1, BLOCK_PAIRS(a0)
    li t2, PAIR_BYTES
    mul t1, t1, t2
    add t0, t0, t1
    sw t0, AT_END(sp)
    lw W, BLOCK_WEIGHTS(a0)
    la CHAIN, .Lflush + TAP_BYTES
    lui HALF, 8 /* 0x8000 */
#if WORDS == 2
    li TAP_WORDS, TAP_BYTES / 4
#endif

/* A pair of channels: all sums begin with the bias, in both halves. */
.Lpair:
    lw X, AT_CONSTANTS(sp)
    lw H00, PAIR_BIAS(X)
    lw L00, PAIR_BIAS + 4(X)
    lw H01, PAIR_BIAS + 8(X)
    lw L01, PAIR_BIAS + 12(X)
    mv H10, H00
    mv L10, L00
    mv H11, H01
    mv L11, L01
    third mv H20, H00
    third mv L20, L00
    third mv H21, H01
    third mv L21, L01
    lw X, AT_BLOCK(sp)
    lw WHERE, BLOCK_X_BYTES(X)
    addi WHERE, WHERE, BLOCK_X
    add WHERE, WHERE, X

/* A run of taps that lies behind one another; they end where the block does. */
.Lsegment:
    addi WHERE, WHERE, -4
    sw WHERE, AT_SEGMENT(sp)
    lw X, AT_BLOCK(sp)
    lw P0, (WHERE)
    lw X, BLOCK_WORD_STEP(X)
    add P1, P0, X
    third add P2, P1, X
    lbu BYTES, (W)
    lbu SKIP, 1(W)

.Lgroup:
    add W, W, SKIP
    add P0, P0, BYTES
    add P1, P1, BYTES
#if WORDS == 3
    add P2, P2, BYTES
    slli WHERE, BYTES, 4
#ifndef __riscv_compressed
    add WHERE, WHERE, BYTES
#endif
#else
    mul WHERE, BYTES, TAP_WORDS
#endif
    sub WHERE, CHAIN, WHERE
    lb W0, -2(W)
    lb W1, -1(W)
    first_tap T00, T01, P0
    first_tap T10, T11, P1
    third first_tap T20, T21, P2
    jr WHERE

/* MOST_TAPS - 1 of them, at the last of which a group of two taps enters. */
    tap 16
    tap 15
    tap 14
    tap 13
    tap 12
    tap 11
    tap 10
    tap 9
    tap 8
    tap 7
    tap 6
    tap 5
    tap 4
    tap 3
    tap 2
.Lflush:
    flush T00, L00, H00
    flush T01, L01, H01
    flush T10, L10, H10
    flush T11, L11, H11
    third flush T20, L20, H20
    third flush T21, L21, H21
    lbu BYTES, (W)
    lbu SKIP, 1(W)
    bnez BYTES, .Lgroup

/* The run's end, one byte of 0. */
    addi W, W, 1
    lw WHERE, AT_SEGMENT(sp)
    lw X, AT_BLOCK(sp)
    addi X, X, BLOCK_X
    bne WHERE, X, .Lsegment

    first_sum L00, H00
    first_sum L01, H01
    first_sum L10, H10
    first_sum L11, H11
    third first_sum L20, H20
    third first_sum L21, H21
    lw PAIR, AT_CONSTANTS(sp)
    lw TEMPORARY, AT_BLOCK(sp)
    lw MULTIPLIER0, PAIR_FACTOR(PAIR)
    lw ADDEND0, PAIR_FACTOR + 4(PAIR)
    lw EXPONENT0, PAIR_FACTOR + 8(PAIR)
    lw MULTIPLIER1, PAIR_FACTOR + 12(PAIR)
    lw ADDEND1, PAIR_FACTOR + 16(PAIR)
    lw EXPONENT1, PAIR_FACTOR + 20(PAIR)
    lw OUT, BLOCK_OUTPUT(TEMPORARY)
    lw STEP, PAIR_CHANNEL(PAIR)
    add OUT, OUT, STEP
    lw STEP, BLOCK_OUTPUT_STEP(TEMPORARY)
    lw BACK, BLOCK_OUTPUT_HALF(TEMPORARY)
    lw LOW, BLOCK_MIN(TEMPORARY)
    lw HIGH, BLOCK_MAX(TEMPORARY)
    lw TEMPORARY, BLOCK_EXACT(TEMPORARY)
    bnez TEMPORARY, .Lexact
    pixels short_form
.Lnext:
    addi PAIR, PAIR, PAIR_BYTES
    sw PAIR, AT_CONSTANTS(sp)
    lw X, AT_END(sp)
    bne PAIR, X, .Lpair

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

/* Layers without a short form. */
.Lexact:
    pixels exact_form
    j .Lnext
    .size NAME, . - NAME
