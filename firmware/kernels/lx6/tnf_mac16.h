/* clang-format off */
/* Instructions of the ESP32's cores for assemblers that do not know them, and what every function
 * in assembly begins and ends with. For sources in assembly only.
 *
 * The macros have the instructions' names, but that the halves of a product are their first operand.
 * Each emits one instruction as bytes: op0[3:0] t[7:4], s[11:8] r[15:12], op1[19:16] op2[23:20]. */
#ifndef TNF_MAC16_H
#define TNF_MAC16_H

#include "tnf_kernels.h"

        .set tnf_a0, 0
        .set tnf_a1, 1
        .set tnf_a2, 2
        .set tnf_a3, 3
        .set tnf_a4, 4
        .set tnf_a5, 5
        .set tnf_a6, 6
        .set tnf_a7, 7
        .set tnf_a8, 8
        .set tnf_a9, 9
        .set tnf_a10, 10
        .set tnf_a11, 11
        .set tnf_a12, 12
        .set tnf_a13, 13
        .set tnf_a14, 14
        .set tnf_a15, 15
        .set tnf_m0, 0
        .set tnf_m1, 1
        .set tnf_m2, 2
        .set tnf_m3, 3
        /* Which half of the first operand, which of the second. */
        .set tnf_ll, 0
        .set tnf_hl, 1
        .set tnf_lh, 2
        .set tnf_hh, 3

/* ACC += half of x * half of y, x one of m0 and m1, y one of m2 and m3. */
.macro  mula.dd halves, x, y
        .byte   0x04 | (tnf_\y & 1) << 6, tnf_\x << 6, 0x28 | tnf_\halves
.endm

/* The same, then: address += 4, target = the word there. The product takes the old target. */
.macro  mula.dd.ldinc halves, target, address, x, y
        .byte   0x04 | (tnf_\y & 1) << 6
        .byte   (tnf_\x << 2 | tnf_\target) << 4 | tnf_\address, 0x08 | tnf_\halves
.endm

/* ACC += half of x * half of y, x one of m0 and m1, y an address register. */
.macro  mula.da halves, x, y
        .byte   0x04 | tnf_\y << 4, tnf_\x << 6, 0x68 | tnf_\halves
.endm

/* The same, then: address += 4, target = the word there. */
.macro  mula.da.ldinc halves, target, address, x, y
        .byte   0x04 | tnf_\y << 4
        .byte   (tnf_\x << 2 | tnf_\target) << 4 | tnf_\address, 0x48 | tnf_\halves
.endm

/* The same, but address -= 4. */
.macro  mula.da.lddec halves, target, address, x, y
        .byte   0x04 | tnf_\y << 4
        .byte   (tnf_\x << 2 | tnf_\target) << 4 | tnf_\address, 0x58 | tnf_\halves
.endm

/* address += 4, target = the word there. */
.macro  ldinc target, address
        .byte   0x04, tnf_\target << 4 | tnf_\address, 0x80
.endm

/* What a register of values or weights holds. */
.macro  rsr.m to, from
        .byte   tnf_\to << 4, 0x20 | tnf_\from, 0x03
.endm

/* The lower 32 bits of the accumulator. */
.macro  rsr.acclo to
        .byte   tnf_\to << 4, 0x10, 0x03
.endm

.macro  wsr.acclo from
        .byte   tnf_\from << 4, 0x10, 0x13
.endm

/* Into the range of int8. */
.macro  clamps.int8 to, from
        .byte   0x00, tnf_\to << 4 | tnf_\from, 0x33
.endm

/* The upper 32 bits of a product of 64 bits with a sign. */
.macro  mulsh to, x, y
        .byte   tnf_\y << 4, tnf_\to << 4 | tnf_\x, 0xB2
.endm

.macro  min to, x, y
        .byte   tnf_\y << 4, tnf_\to << 4 | tnf_\x, 0x43
.endm

.macro  max to, x, y
        .byte   tnf_\y << 4, tnf_\to << 4 | tnf_\x, 0x53
.endm

/* Repeats what lies between here and `end`, `count` times, at no cost a turn; count is at least 1.
 * The first instruction in it must not lie across two words: with instructions of 3 bytes it does
 * not where this one begins 1 or 2 bytes after a word's beginning. Where MULSH is emulated it may
 * not be the last one. */
.macro  loop count, end
        .byte   0x76, 0x80 | tnf_\count, (\end) - . - 2
.endm

/* The same, nothing where count is 0. */
.macro  loopnez count, end
        .byte   0x76, 0x90 | tnf_\count, (\end) - . - 2
.endm

/* A kernel's part as a function of up to 6 arguments in a2 to a7. It may use all registers but the
 * stack pointer, and has the bytes from a1 + TNF_OWN on for itself, 44 of them. */
#define TNF_OWN 20
#define TNF_FRAME 64

.macro  tnf_function name
        .section .text.\name, "ax"
        .align  4
        .weak   \name
        .type   \name, @function
\name:
        .begin  no-transform
#ifdef __XTENSA_CALL0_ABI__
        addi    a1, a1, -TNF_FRAME
        s32i    a0, a1, 0
        s32i    a12, a1, 4
        s32i    a13, a1, 8
        s32i    a14, a1, 12
        s32i    a15, a1, 16
#else
        entry   a1, TNF_FRAME + 16
        s32i    a0, a1, 0
#endif
.endm

.macro  tnf_return
#ifdef __XTENSA_CALL0_ABI__
        l32i    a0, a1, 0
        l32i    a12, a1, 4
        l32i    a13, a1, 8
        l32i    a14, a1, 12
        l32i    a15, a1, 16
        addi    a1, a1, TNF_FRAME
        ret
#else
        l32i    a0, a1, 0
        retw
#endif
.endm

.macro  tnf_end name
        .end    no-transform
        .size   \name, . - \name
.endm

#endif
