/* Three decimals of a float without soft float and without printf: both would be larger than all of
 * the interface. */
#include <string.h>

#include "tnf_mlperf.h"

#define FRACTION_BITS 23
#define EXPONENT_MASK 0xffu
#define EXPONENT_BIAS 150 /* of a value that is its 24 bits * 2^(exponent - bias) */
#define SIGNIFICANT ((uint64_t)1 << (FRACTION_BITS + 1))
#define LARGEST_EXPONENT 7     /* 24 bits and these are 31: more is cut */
#define VANISHING_EXPONENT -35 /* 24 bits * 1000 are under 2^34: this rounds to nothing */

/* value / 2^shift, to the nearest and of two equally near ones to the even one. */
static uint64_t shifted(uint64_t value, uint32_t shift)
{
    if (shift == 0) {
        return value;
    }
    const uint64_t whole = value >> shift;
    const uint64_t rest = value - (whole << shift);
    const uint64_t half = (uint64_t)1 << (shift - 1);
    return whole + (rest > half || (rest == half && (whole & 1u) != 0) ? 1 : 0);
}

void tnf_mlperf_decimal(tnf_frame_writer_t *out, int32_t value, float scale)
{
    uint32_t bits;
    memcpy(&bits, &scale, sizeof bits);
    const bool negative = (value < 0) != (bits >> 31 != 0);
    int32_t exponent = (int32_t)((bits >> FRACTION_BITS) & EXPONENT_MASK);
    uint64_t significant = bits & (SIGNIFICANT / 2 - 1);
    if (exponent != 0) {
        significant += SIGNIFICANT / 2;
        exponent -= 1;
    }
    exponent += 1 - EXPONENT_BIAS;
    significant *= value < 0 ? 0u - (uint32_t)value : (uint32_t)value;

    /* The product as a float32 is: 24 bits of it. */
    uint32_t surplus = 0;
    while (significant >> surplus >= SIGNIFICANT) {
        ++surplus;
    }
    significant = shifted(significant, surplus);
    exponent += (int32_t)surplus;

    uint64_t thousandths = significant * 1000u;
    if (significant == 0 || exponent <= VANISHING_EXPONENT) {
        thousandths = 0;
    } else if (exponent > LARGEST_EXPONENT) {
        thousandths = ((uint64_t)1 << 31) * 1000u;
    } else if (exponent > 0) {
        thousandths <<= (uint32_t)exponent;
    } else {
        thousandths = shifted(thousandths, (uint32_t)-exponent);
    }
    if (negative && value != 0) {
        tnf_console_text(out, "-");
    }
    tnf_console_number(out, (uint32_t)(thousandths / 1000u));
    const uint32_t fraction = (uint32_t)(thousandths % 1000u);
    tnf_console_text(out, fraction >= 100 ? "." : fraction >= 10 ? ".0" : ".00");
    tnf_console_number(out, fraction);
}
