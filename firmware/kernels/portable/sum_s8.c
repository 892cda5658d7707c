#include "tnf_lane_sums.h"
#include "tnf_reduce.h"
#include "tnf_requantize.h"

/* The outputs of all kept_2 at one kept_0 and kept_1, whose values begin at `values`. */
static void compute(const TNF_FLASH tnf_sum_t *params, const int8_t *values, int8_t *output)
{
    const int32_t step = params->kept_2;
    const int32_t below = params->kept_1 * params->reduced_1 * step;
    const tnf_window_rows_t rows = {{0, params->reduced_0}, 0, below, INT32_MAX};
    int32_t channel = 0;
    while (channel < step) {
        const int32_t lanes = step - channel >= TNF_LANES ? TNF_LANES : 1;
        int32_t sums[TNF_LANES];
        if (lanes == TNF_LANES) {
            tnf_sum_lanes(values, &rows, params->reduced_1, step, sums);
        } else {
            sums[0] = tnf_sum_lane(values, &rows, params->reduced_1, step);
        }
        for (int32_t lane = 0; lane < lanes; lane++) {
            *output++ = tnf_requantize_s8(sums[lane] + params->input_offset, params->multiplier,
                                          params->shift, params->output_offset, INT8_MIN, INT8_MAX);
        }
        values += lanes;
        channel += lanes;
    }
}

TNF_KERNEL void tnf_sum_s8(const TNF_FLASH tnf_sum_t *params, const int8_t *input, int8_t *output)
{
    const int32_t inner_size = params->reduced_1 * params->kept_2;
    const int32_t middle_size = params->kept_1 * inner_size;
    for (int32_t kept_0 = 0; kept_0 < params->kept_0; kept_0++) {
        for (int32_t kept_1 = 0; kept_1 < params->kept_1; kept_1++) {
            compute(params, input + kept_1 * inner_size, output);
            output += params->kept_2;
        }
        input += params->reduced_0 * middle_size;
    }
}
