#include "tnf_integers.h"
#include "tnf_quantize.h"
#include "tnf_requantize.h"

#define TWO_TO_31 2147483648.0F

/* As an integer of so many bytes; what does not fit is limited, see the header. C leaves the
 * conversion of what does not fit an integer undefined. */
static int32_t integer(float real, int32_t bytes)
{
    int32_t whole = 0;
    if (real >= TWO_TO_31) {
        whole = INT32_MAX;
    } else if (real < -TWO_TO_31) {
        whole = INT32_MIN;
    } else if (real >= -TWO_TO_31) {
        whole = (int32_t)real;
    } else {
        return bytes == 4 ? INT32_MAX : 0;
    }
    if (bytes == 1) {
        return tnf_clamp(whole, INT8_MIN, INT8_MAX);
    }
    return bytes == 2 ? tnf_clamp(whole, INT16_MIN, INT16_MAX) : whole;
}

TNF_KERNEL void tnf_cast_from_f32(const TNF_FLASH tnf_cast_t *params, const int8_t *input,
                                  int8_t *output)
{
    const tnf_float_t *reals = (const tnf_float_t *)(const void *)input;
    for (int32_t i = 0; i < params->elements; i++) {
        const float real = reals[i];
        const int32_t value =
            params->to_bool != 0 ? real != 0.0F : integer(real, params->output_bytes);
        tnf_store(output, i, params->output_bytes, value);
    }
}
