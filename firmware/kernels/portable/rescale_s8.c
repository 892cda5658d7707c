#include "tnf_exact.h"
#include "tnf_fast.h"
#include "tnf_quantize.h"

TNF_KERNEL TNF_FAST void tnf_rescale_s8(const TNF_FLASH tnf_rescale_t *params, const int8_t *input,
                                        int8_t *output)
{
    const tnf_rescale_t kept = *params;
    const tnf_factor_t factor = tnf_factor(kept.multiplier, kept.shift);
    for (int32_t i = 0; i < kept.elements; i++) {
        const int32_t scaled = tnf_scaled_small(input[i] + kept.input_offset, factor);
        output[i] =
            tnf_clamped_s8(scaled, kept.output_offset, kept.activation_min, kept.activation_max);
    }
}
