#include "tnf_fast.h"

#include "tnf_pairs.h"

TNF_KERNEL void tnf_fully_connected_pairs_s8(const TNF_FLASH tnf_fully_connected_pairs_t *params,
                                             const int8_t *input, int8_t *output)
{
    const tnf_requantized_t how = {params->exponent, params->output_offset, params->activation_min,
                                   params->activation_max};
    for (int32_t row = 0; row < params->rows; row++) {
        const TNF_FLASH int32_t *stream = params->weights;
        const TNF_FLASH int32_t *factors = params->factors;
        int32_t left = params->output_depth;
        while (left > 0) {
            const int32_t together = left < TNF_ROW_CHANNELS ? left : TNF_ROW_CHANNELS;
            tnf_int32_t sums[TNF_ROW_CHANNELS];
            stream = tnf_row_sums(input, stream, sums);
            const tnf_sums_t found = {sums, 1, 1, together, 1};
            tnf_requantize_sums(&how, factors, &found, output);
            factors += together * TNF_FACTOR_WORDS;
            output += together;
            left -= together;
        }
        input += params->input_depth;
    }
}
