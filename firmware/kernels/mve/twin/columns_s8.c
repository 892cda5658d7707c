#include "tnf_columns_mve.h"
#include "tnf_requantize.h"

/* `weights` are those of one channel of a pair. */
static int32_t sum_of(const tnf_columns_t *columns, const int8_t *values, const int8_t *weights)
{
    int32_t sum = 0;
    for (int32_t pass = 0; pass < columns->passes; pass++) {
        for (int32_t column = 0; column < 3; column++) {
            for (int32_t i = 0; i < TNF_COLUMN_BYTES; i++) {
                sum += values[column * TNF_COLUMN_BYTES + i] * weights[i];
            }
            weights += 2 * TNF_COLUMN_BYTES;
        }
        values += columns->pass_bytes;
    }
    return sum;
}

static int8_t output_of(const tnf_columns_t *columns, int32_t sum, const TNF_FLASH int32_t *scales)
{
    const int32_t biased = sum + scales[0];
    if (columns->exact != 0) {
        return tnf_requantize_s8(biased, scales[4], scales[8], columns->output_offset,
                                 columns->activation_min, columns->activation_max);
    }
    const int32_t product = (int32_t)(((int64_t)biased * scales[4]) >> 32);
    return (int8_t)tnf_clamp((product + scales[8]) >> -columns->shift, INT8_MIN, INT8_MAX);
}

TNF_KERNEL void tnf_columns_s8(const tnf_columns_t *columns)
{
    const int32_t pair_words = columns->passes * 3 * 2 * TNF_COLUMN_BYTES / 4;
    const int32_t quad_words = 2 * pair_words + 12;
    for (int32_t window = 0; window < columns->count; window++) {
        for (int32_t channel = 0; channel < columns->channels; channel++) {
            const int32_t lane = channel % 4;
            const TNF_FLASH int32_t *quad = columns->weights + channel / 4 * quad_words;
            const int8_t *pair = (const int8_t *)(quad + lane / 2 * pair_words);
            const int32_t sum = sum_of(columns, columns->values + window * TNF_COLUMN_BYTES,
                                       pair + lane % 2 * TNF_COLUMN_BYTES);
            columns->output[window * columns->channels + channel] =
                output_of(columns, sum, quad + 2 * pair_words + lane);
        }
    }
}
