#include "tnf_recurrent.h"
#include "tnf_svdf_steps.h"

/* Makes room for the newest value, puts it in, and weighs all of them. */
static uint32_t remember(const TNF_FLASH int8_t *weights, int8_t *state, int32_t memory,
                         int32_t newest, int32_t zero_point)
{
    uint32_t sum = 0;
    for (int32_t i = 0; i < memory; i++) {
        state[i] = i + 1 < memory ? state[i + 1] : (int8_t)newest;
        sum += (uint32_t)(weights[i] * (state[i] - zero_point));
    }
    return sum;
}

TNF_KERNEL void tnf_svdf_state_s8(const TNF_FLASH tnf_svdf_t *params, const int8_t *input,
                                  int8_t *state, int8_t *output)
{
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const TNF_FLASH int8_t *weights = params->time_weights_s8;
        int32_t filter = 0;
        for (int32_t unit = 0; unit < params->units; unit++) {
            uint32_t sum = tnf_svdf_bias(params, unit);
            for (int32_t i = 0; i < params->rank; i++) {
                const int32_t newest =
                    tnf_svdf_feature(params, input, filter++, INT8_MIN, INT8_MAX);
                sum += remember(weights, state, params->memory, newest, params->state_offset);
                weights += params->memory;
                state += params->memory;
            }
            *output++ = tnf_svdf_output(params, sum);
        }
        input += params->input_depth;
    }
}
