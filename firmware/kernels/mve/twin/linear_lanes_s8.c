#include "tnf_linear_lanes_mve.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_linear_lanes_s8(const tnf_linear_lanes_t *form, const int8_t *input1,
                                    const int8_t *input2, int8_t *output)
{
    for (int32_t i = 0; i < form->elements; i++) {
        int32_t sum =
            form->constant + input1[i] * form->multiplier_1 + input2[i] * form->multiplier_2;
        if (form->away != 0) {
            sum += form->halves - (sum < 0 ? 1 : 0);
        }
        output[i] =
            (int8_t)tnf_clamp(sum >> -form->shift, form->activation_min, form->activation_max);
    }
}
