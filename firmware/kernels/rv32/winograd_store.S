/* The end of Winograd's convolution: the 16 sums of each of two tiles and eight output channels
 * become 2x2 outputs each, which are rounded and stored.
 *
 * A column j of a tile's sums m0 to m3 makes an upper and a lower value,
 *
 *   u = m0 + m1 + m2    l = m1 - m2 - m3
 *
 * and the columns' values make the outputs in the same way:
 *
 *   left = u0 + u1 + u2    right = u1 - u2 - u3
 *
 * The last row or column is missing where the output's size is odd. Then it is given the place of
 * the one before it, and is stored first.
 */
#include "tnf_winograd_block.h"

#define SUMS a0
#define OUTPUTS a1
#define FACTORS a2
#define MULTIPLIER a3
#define ADDEND a4
#define EXPONENT a5
#define LOW a6
#define HIGH a7
#define M0 t0
#define M1 t1
#define M2 t2
#define M3 t3
#define UPPER_LEFT t4
#define UPPER_RIGHT t5
#define LOWER_LEFT t6
#define LOWER_RIGHT ra
#define BIAS s0
/* Where the outputs of the first and of the second tile go. */
#define A00 s1
#define A01 s2
#define A10 s3
#define A11 s4
#define B00 s5
#define B01 s6
#define B10 s7
#define B11 s8

#define FRAME 48
#define PLACE 64 /* bytes of a place's sums */

/* M0: the column's upper value, M1: the lower one */
.macro column number, tile
    lw M0, PLACE * \number + 4 * \tile(SUMS)
    lw M1, PLACE * (4 + \number) + 4 * \tile(SUMS)
    lw M2, PLACE * (8 + \number) + 4 * \tile(SUMS)
    lw M3, PLACE * (12 + \number) + 4 * \tile(SUMS)
    add M0, M0, M1
    add M0, M0, M2
    sub M1, M1, M2
    sub M1, M1, M3
.endm

.macro clamp sum, where
    bge \sum, LOW, 1f
    mv \sum, LOW
1:  ble \sum, HIGH, 2f
    mv \sum, HIGH
2:  sb \sum, (\where)
    addi \where, \where, 1
.endm

.macro short_form sum, where
    mulh \sum, \sum, MULTIPLIER
    add \sum, \sum, ADDEND
    sra \sum, \sum, EXPONENT
    clamp \sum, \where
.endm

.macro exact_form sum, where
    srai \sum, \sum, 2
    mulhsu M0, \sum, MULTIPLIER
    mul \sum, \sum, MULTIPLIER
    srli \sum, \sum, 31
    add \sum, \sum, M0
    srai M0, \sum, 31
    add \sum, \sum, M0
    add \sum, \sum, ADDEND
    sra \sum, \sum, EXPONENT
    clamp \sum, \where
.endm

.macro tile form, number, p00, p01, p10, p11
    column 0, \number
    add UPPER_LEFT, BIAS, M0
    add LOWER_LEFT, BIAS, M1
    column 1, \number
    add UPPER_LEFT, UPPER_LEFT, M0
    add LOWER_LEFT, LOWER_LEFT, M1
    add UPPER_RIGHT, BIAS, M0
    add LOWER_RIGHT, BIAS, M1
    column 2, \number
    add UPPER_LEFT, UPPER_LEFT, M0
    add LOWER_LEFT, LOWER_LEFT, M1
    sub UPPER_RIGHT, UPPER_RIGHT, M0
    sub LOWER_RIGHT, LOWER_RIGHT, M1
    column 3, \number
    sub UPPER_RIGHT, UPPER_RIGHT, M0
    sub LOWER_RIGHT, LOWER_RIGHT, M1
    \form LOWER_RIGHT, \p11
    \form LOWER_LEFT, \p10
    \form UPPER_RIGHT, \p01
    \form UPPER_LEFT, \p00
.endm

/* One output channel of both tiles. */
.macro output form
    lw BIAS, 0(OUTPUTS)
    lw MULTIPLIER, OUTPUTS_FACTOR(FACTORS)
    lw ADDEND, OUTPUTS_FACTOR + 4(FACTORS)
    lw EXPONENT, OUTPUTS_FACTOR + 8(FACTORS)
    tile \form, 0, A00, A01, A10, A11
    tile \form, 1, B00, B01, B10, B11
    addi SUMS, SUMS, 8
    addi OUTPUTS, OUTPUTS, 4
    addi FACTORS, FACTORS, 12
    lw M0, 0(sp)
.endm

    .text
    .balign 4
    .weak tnf_winograd_store
    .type tnf_winograd_store, @function
tnf_winograd_store:
    addi sp, sp, -FRAME
    sw ra, 4(sp)
    sw s0, 8(sp)
    sw s1, 12(sp)
    sw s2, 16(sp)
    sw s3, 20(sp)
    sw s4, 24(sp)
    sw s5, 28(sp)
    sw s6, 32(sp)
    sw s7, 36(sp)
    sw s8, 40(sp)
    lw M0, OUTPUTS_FIRST(OUTPUTS)
    add A00, a3, M0
    lw M1, TARGET_STEP(a2)
    lw M2, TARGET_ROW_BYTES(a2)
    add A01, A00, M1
    add B00, A01, M1
    lw M1, TARGET_LAST_STEP(a2)
    add B01, B00, M1
    add A10, A00, M2
    add A11, A01, M2
    add B10, B00, M2
    add B11, B01, M2
    lw LOW, TARGET_LOW(a2)
    lw HIGH, TARGET_HIGH(a2)
    lw M1, TARGET_EXACT(a2)
    addi M0, OUTPUTS, 32 /* where the biases end */
    sw M0, 0(sp)
    mv FACTORS, OUTPUTS
    bnez M1, .Lexact
.Lshort:
    output short_form
    bne OUTPUTS, M0, .Lshort
    j .Ldone
.Lexact:
    output exact_form
    bne OUTPUTS, M0, .Lexact
.Ldone:
    lw ra, 4(sp)
    lw s0, 8(sp)
    lw s1, 12(sp)
    lw s2, 16(sp)
    lw s3, 20(sp)
    lw s4, 24(sp)
    lw s5, 28(sp)
    lw s6, 32(sp)
    lw s7, 36(sp)
    lw s8, 40(sp)
    addi sp, sp, FRAME
    ret
    .size tnf_winograd_store, . - tnf_winograd_store
