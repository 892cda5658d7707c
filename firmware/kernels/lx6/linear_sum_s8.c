#include "tnf_linear_sum.h"
#include "tnf_mac16_parts.h"
#include "tnf_requantize.h"

/* Any clamp, halves away from zero where the form has them, any address. */
static void sum_values(const tnf_linear_sum_t *form, const int8_t *input1, const int8_t *input2,
                       int8_t *output, int32_t elements)
{
    for (int32_t i = 0; i < elements; i++) {
        int32_t sum = form->constant + input1[i] * form->input1_multiplier +
                      input2[i] * form->input2_multiplier;
        sum += (sum >> 31 & form->away) + form->halves;
        output[i] =
            (int8_t)tnf_clamp(sum >> form->shift, form->activation_min, form->activation_max);
    }
}

TNF_KERNEL void tnf_linear_sum_s8(const TNF_FLASH tnf_linear_sum_t *params, const int8_t *input1,
                                  const int8_t *input2, int8_t *output)
{
    const tnf_linear_sum_t form = *params;
    const uintptr_t addresses = (uintptr_t)input1 | (uintptr_t)input2;
    int32_t done = 0;
    if (form.away == 0 && form.activation_min == INT8_MIN && form.activation_max == INT8_MAX &&
        (addresses & 3u) == 0 && form.elements >= 4) {
        const tnf_mac16_linear_t words = {form.input1_multiplier, form.input2_multiplier,
                                          form.constant, form.shift};
        done = form.elements & ~3;
        tnf_mac16_linear(&words, input1, input2, output, done >> 2);
    }
    sum_values(&form, input1 + done, input2 + done, output + done, form.elements - done);
}
