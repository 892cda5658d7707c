/* A row of a fully connected layer by quads of outputs, in C. */
#include "tnf_quads_block.h"
#include "tnf_twin_rounding.h"

static int32_t twin_wrapped(uint32_t value)
{
    return (int32_t)value;
}

/* One group: what its taps add to the sums of all outputs. */
static void twin_group(const int8_t *input, const int32_t *weights, int32_t taps, uint32_t *low,
                       uint32_t *high)
{
    for (int32_t quad = 0; quad < 2; quad++) {
        uint32_t even = 0;
        uint32_t odd = 0;
        uint32_t total = 0;
        for (int32_t tap = 0; tap < taps; tap++) {
            const uint32_t x = (uint32_t)(int32_t)input[tap];
            const uint32_t word = (uint32_t)weights[2 * tap + quad];
            even += x * (word & 0x00ff00ffU);
            odd += x * (word >> 8);
            total += x;
        }
        even -= total * 0x00800080U;
        const uint32_t second = (uint32_t)(twin_wrapped(even + 0x8000U) >> 16);
        odd -= total * 0x00808080U + (second << 8);
        low[2 * quad] += even;
        high[2 * quad] += second;
        low[2 * quad + 1] += odd;
        high[2 * quad + 1] += (uint32_t)(twin_wrapped(odd + 0x8000U) >> 16);
    }
}

TNF_KERNEL void tnf_quads_row(const tnf_quads_row_t *row)
{
    const int32_t *weights = row->weights;
    const tnf_quads_block_t *block = (const tnf_quads_block_t *)(const void *)row->constants;
    for (int32_t i = 0; i < row->blocks; i++, block++) {
        const int8_t *input = row->input;
        uint32_t low[4];
        uint32_t high[4];
        for (int32_t k = 0; k < 4; k++) {
            low[k] = (uint32_t)block->low[k];
            high[k] = (uint32_t)block->high[k];
        }
        while (*weights != 0) {
            const int32_t head = *weights++;
            const int32_t taps = (head & 0xffff) / 8 + 8 * (head >> 16);
            twin_group(input, weights, taps, low, high);
            input += taps;
            weights += 2 * taps;
        }
        weights++;
        for (int32_t k = 0; k < TNF_QUADS_OUTPUTS; k++) {
            const int32_t word = (k >> 2) * 2 + (k & 1);
            const uint32_t second = high[word];
            const int32_t sum = twin_wrapped((k & 2) != 0 ? second : low[word] - (second << 16));
            const int32_t *factor = block->factor[k];
            const int32_t value =
                row->exact != 0 ? twin_exact(sum, factor) : twin_short(sum, factor);
            row->output[block->first + k] =
                twin_clamped(value, row->activation_min, row->activation_max);
        }
    }
}
