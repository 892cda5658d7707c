#include <string.h>

#include "tnf_activation.h"
#include "tnf_dot_s16.h"
#include "tnf_recurrent.h"
#include "tnf_requantize.h"

enum { INPUT_GATE, FORGET_GATE, CELL_GATE, OUTPUT_GATE, GATES };

#define GATE_INTEGER_BITS 3
#define HALF ((int32_t)1 << 30)

/* One value in units of 1/12288 or 1/4096, by its integer bits. */
static const TNF_FLASH tnf_sigmoid_t units[] = {
    {1, 3, 3}, {1, 3, 2}, {1, 3, 1}, {1, 3, 0}, {1, 6, 0}, {1, 12, 0}, {1, 24, 0},
};

static int32_t logistic(int32_t value)
{
    tnf_int16_t input = (int16_t)value;
    tnf_int16_t output;
    tnf_logistic_s16(&units[GATE_INTEGER_BITS], &input, &output);
    return output;
}

static int32_t tanh_of(int32_t value, int32_t integer_bits)
{
    tnf_int16_t input = (int16_t)value;
    tnf_int16_t output;
    tnf_tanh_s16(&units[integer_bits], &input, &output);
    return output;
}

/* value times a positive factor, limited to 16 bits. */
static int32_t scaled(int32_t value, int32_t multiplier, int32_t shift)
{
    return tnf_clamp(tnf_requantize(value, multiplier, shift), INT16_MIN, INT16_MAX);
}

/* What a gate's activation is applied to, Q3.12: both parts limited to 16 bits, and their sum. */
static int32_t gate(const TNF_FLASH tnf_lstm_wide_t *params, int32_t number, int32_t cell,
                    const tnf_int16_t *input, const tnf_int16_t *hidden)
{
    const int32_t row = number * params->cells + cell;
    const int64_t from_input =
        params->bias[row] +
        tnf_dot_s16(input, params->input_weights + row * params->input_depth, params->input_depth);
    const int64_t from_hidden =
        tnf_dot_s16(hidden, params->recurrent_weights + row * params->cells, params->cells);
    const int32_t input_part = tnf_requantize_s16(from_input, 1, params->multiplier[number],
                                                  params->shift[number], INT16_MIN, INT16_MAX);
    const int32_t hidden_part =
        tnf_requantize_s16(from_hidden, 1, params->multiplier[GATES + number],
                           params->shift[GATES + number], INT16_MIN, INT16_MAX);
    return tnf_clamp(input_part + hidden_part, INT16_MIN, INT16_MAX);
}

/* One step of one cell: changes its state and gives its new hidden value. */
static int16_t advance(const TNF_FLASH tnf_lstm_wide_t *params, int32_t number,
                       const tnf_int16_t *input, const tnf_int16_t *hidden, tnf_int16_t *cell)
{
    const int32_t admitted = logistic(gate(params, INPUT_GATE, number, input, hidden));
    const int32_t kept = logistic(gate(params, FORGET_GATE, number, input, hidden));
    const int32_t candidate =
        tanh_of(gate(params, CELL_GATE, number, input, hidden), GATE_INTEGER_BITS);
    const int32_t shown = logistic(gate(params, OUTPUT_GATE, number, input, hidden));
    int32_t state = scaled(kept * *cell, HALF, -14) +
                    scaled(admitted * candidate, params->cell_multiplier, params->cell_shift);
    state = tnf_clamp(state, INT16_MIN, INT16_MAX);
    if (params->cell_clip != 0) {
        state = tnf_clamp(state, -params->cell_clip, params->cell_clip);
    }
    *cell = (int16_t)state;
    return (int16_t)scaled(shown * tanh_of(state, params->cell_integer_bits),
                           params->hidden_multiplier, params->hidden_shift);
}

TNF_KERNEL void tnf_lstm_s16(const TNF_FLASH tnf_lstm_wide_t *params, const tnf_int16_t *input,
                             tnf_int16_t *hidden, tnf_int16_t *cell, tnf_int16_t *output)
{
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t step = 0; step < params->steps; step++) {
            const int32_t row = batch * params->batch_rows + step * params->step_rows;
            /* The output's row is what the hidden state becomes once all cells have read it. */
            tnf_int16_t *next = output + row * params->cells;
            for (int32_t i = 0; i < params->cells; i++) {
                next[i] = advance(params, i, input + row * params->input_depth, hidden, cell + i);
            }
            memcpy(hidden, next, (size_t)params->cells * sizeof *hidden);
        }
        hidden += params->cells;
        cell += params->cells;
    }
}
