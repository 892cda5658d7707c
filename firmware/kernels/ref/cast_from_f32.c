#include "tnf_integers.h"
#include "tnf_quantize.h"
#include "tnf_requantize.h"

#define TWO_TO_31 2147483648.0F

/* As an integer of so many bytes. C leaves undefined what does not fit; see the header. */
static int32_t integer(float real, int32_t bytes)
{
    if (!(real >= -TWO_TO_31 && real < TWO_TO_31)) {
        const int32_t is_negative = real < 0.0F;
        const int32_t is_number = is_negative || real > 0.0F;
        if (bytes == 1 || (bytes == 2 && !is_number)) {
            return 0;
        }
        if (bytes == 2) {
            return is_negative ? INT16_MIN : INT16_MAX;
        }
        return is_negative ? INT32_MIN : INT32_MAX;
    }
    const int32_t whole = (int32_t)real;
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
