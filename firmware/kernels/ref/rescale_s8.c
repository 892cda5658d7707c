#include "tnf_quantize.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_rescale_s8(const TNF_FLASH tnf_rescale_t *params, const int8_t *input,
                               int8_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        output[i] = tnf_requantize_s8(input[i] + params->input_offset, params->multiplier,
                                      params->shift, params->output_offset, params->activation_min,
                                      params->activation_max);
    }
}
