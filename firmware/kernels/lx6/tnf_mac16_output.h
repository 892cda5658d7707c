/* How a sum becomes an output, in assembly; see tnf_mac16_channel_t. */
/* clang-format off */
#ifndef TNF_MAC16_OUTPUT_H
#define TNF_MAC16_OUTPUT_H

#include "tnf_mac16.h"

/* `sum` -> int8 at `output`. */
.macro  tnf_short_sum output, multiplier, constant, sum
        mulsh   \sum, \sum, \multiplier
        add     \sum, \sum, \constant
        clamps.int8 \sum, \sum
        s8i     \sum, \output, 0
.endm

/* Four times the sum -> int8 at `output`, with the reference's rounding; SAR has the shift. The
 * clamp is at a1 + `low` and at a1 + `high`. */
.macro  tnf_exact_sum output, multiplier, constant, sum, sign, low, high
        srai    \sign, \sum, 31
        mulsh   \sum, \sum, \multiplier
        addx2   \sum, \sign, \sum
        add     \sum, \sum, \constant
        sra     \sum, \sum
        l32i    \sign, a1, \low
        max     \sum, \sum, \sign
        l32i    \sign, a1, \high
        min     \sum, \sum, \sign
        s8i     \sum, \output, 0
.endm

/* ACC -> int8 at `output`. */
.macro  tnf_short output, multiplier, constant, sum
        rsr.acclo \sum
        tnf_short_sum \output, \multiplier, \constant, \sum
.endm

.macro  tnf_exact output, multiplier, constant, sum, sign, low, high
        rsr.acclo \sum
        slli    \sum, \sum, 2
        tnf_exact_sum \output, \multiplier, \constant, \sum, \sign, \low, \high
.endm

#endif
