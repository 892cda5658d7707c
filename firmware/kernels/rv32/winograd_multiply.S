/* The products of Winograd's convolution: for each of the 16 places of a tile, the sums over all
 * input channels for two tiles and eight output channels. The 16 sums Sjt, of output j and tile t,
 * stay in registers for a place; the first channel begins them without adding.
 */
#include "tnf_winograd_block.h"

#define TILES a0
#define WEIGHTS a1
#define SUMS a2
#define BYTES a3
#define S00 s0
#define S01 s1
#define S10 s2
#define S11 s3
#define S20 s4
#define S21 s5
#define S30 s6
#define S31 s7
#define S40 s8
#define S41 s9
#define S50 s10
#define S51 s11
#define S60 a4
#define S61 a5
#define S70 a6
#define S71 a7
#define X0 t0
#define X1 t1
#define W t2
#define PRODUCT t3
#define X t4
#define END t5
#define PLACES t6

#define FRAME 48

.macro output sum0, sum1, offset
    lh W, \offset(WEIGHTS)
    mul PRODUCT, X0, W
    mul W, X1, W
    add \sum0, \sum0, PRODUCT
    add \sum1, \sum1, W
.endm

.macro channel index
    lh X0, 64 * \index(X)
    lh X1, 64 * \index + 2(X)
    output S00, S01, 16 * \index
    output S10, S11, 16 * \index + 2
    output S20, S21, 16 * \index + 4
    output S30, S31, 16 * \index + 6
    output S40, S41, 16 * \index + 8
    output S50, S51, 16 * \index + 10
    output S60, S61, 16 * \index + 12
    output S70, S71, 16 * \index + 14
.endm

.macro first_output sum0, sum1, offset
    lh W, \offset(WEIGHTS)
    mul \sum0, X0, W
    mul \sum1, X1, W
.endm

    .text
    .balign 4
    .weak tnf_winograd_multiply
    .type tnf_winograd_multiply, @function
tnf_winograd_multiply:
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
    slli BYTES, BYTES, 6 /* of all channels' tiles */
    li PLACES, 16

.Lplace:
    mv X, TILES
    add END, TILES, BYTES
    lh X0, 0(X)
    lh X1, 2(X)
    first_output S00, S01, 0
    first_output S10, S11, 2
    first_output S20, S21, 4
    first_output S30, S31, 6
    first_output S40, S41, 8
    first_output S50, S51, 10
    first_output S60, S61, 12
    first_output S70, S71, 14
    j .Lsecond
.Lchannels:
    channel 0
.Lsecond:
    channel 1
    channel 2
    channel 3
    addi X, X, 256
    addi WEIGHTS, WEIGHTS, 64
    bne X, END, .Lchannels

    sw S00, 0(SUMS)
    sw S01, 4(SUMS)
    sw S10, 8(SUMS)
    sw S11, 12(SUMS)
    sw S20, 16(SUMS)
    sw S21, 20(SUMS)
    sw S30, 24(SUMS)
    sw S31, 28(SUMS)
    sw S40, 32(SUMS)
    sw S41, 36(SUMS)
    sw S50, 40(SUMS)
    sw S51, 44(SUMS)
    sw S60, 48(SUMS)
    sw S61, 52(SUMS)
    sw S70, 56(SUMS)
    sw S71, 60(SUMS)
    addi SUMS, SUMS, 64
    addi TILES, TILES, 4
    addi PLACES, PLACES, -1
    bnez PLACES, .Lplace

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
    .size tnf_winograd_multiply, . - tnf_winograd_multiply
