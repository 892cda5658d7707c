#include <string.h>

#include "tnf_fixed_s16.h"
#include "tnf_recurrent.h"

enum { INPUT_GATE, FORGET_GATE, CELL_GATE, OUTPUT_GATE, GATES };

static int32_t dot(const int8_t *values, const TNF_FLASH int8_t *weights, int32_t size, int32_t sum)
{
    for (int32_t i = 0; i < size; i++) {
        sum += values[i] * weights[i];
    }
    return sum;
}

/* What a gate's activation is applied to, Q3.12: the input's part, limited to 16 bits, and then the
 * hidden state's. */
static int32_t gate(const TNF_FLASH tnf_lstm_t *params, int32_t number, int32_t cell,
                    const int8_t *input, const int8_t *hidden)
{
    const int32_t row = number * params->cells + cell;
    const int32_t from_input =
        tnf_requantize(dot(input, params->input_weights + row * params->input_depth,
                           params->input_depth, params->input_bias[row]),
                       params->multiplier[number], params->shift[number]);
    const int32_t from_hidden =
        tnf_requantize(dot(hidden, params->recurrent_weights + row * params->cells, params->cells,
                           params->recurrent_bias[row]),
                       params->multiplier[GATES + number], params->shift[GATES + number]);
    const int32_t limited = tnf_clamp(from_input, INT16_MIN, INT16_MAX);
    return tnf_clamp((int32_t)((uint32_t)from_hidden + (uint32_t)limited), INT16_MIN, INT16_MAX);
}

/* One step of one cell: changes its state and gives its new hidden value. */
static int8_t advance(const TNF_FLASH tnf_lstm_t *params, int32_t number, const int8_t *input,
                      const int8_t *hidden, tnf_int16_t *cell)
{
    const int32_t admitted = tnf_fixed_logistic(gate(params, INPUT_GATE, number, input, hidden));
    const int32_t kept = tnf_fixed_logistic(gate(params, FORGET_GATE, number, input, hidden));
    const int32_t candidate = tnf_fixed_tanh(gate(params, CELL_GATE, number, input, hidden), 3);
    const int32_t shown = tnf_fixed_logistic(gate(params, OUTPUT_GATE, number, input, hidden));
    int32_t state =
        tnf_divide_by_power_of_two(kept * *cell, 15) +
        tnf_divide_by_power_of_two(admitted * candidate, 15 + params->cell_integer_bits);
    state = tnf_clamp(state, INT16_MIN, INT16_MAX);
    if (params->cell_clip != 0) {
        state = tnf_clamp(state, -params->cell_clip, params->cell_clip);
    }
    *cell = (int16_t)state;
    return tnf_requantize_s8(shown * tnf_fixed_tanh(state, params->cell_integer_bits),
                             params->hidden_multiplier, params->hidden_shift, params->hidden_offset,
                             INT8_MIN, INT8_MAX);
}

TNF_KERNEL void tnf_lstm_s8(const TNF_FLASH tnf_lstm_t *params, const int8_t *input, int8_t *hidden,
                            tnf_int16_t *cell, int8_t *output)
{
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t step = 0; step < params->steps; step++) {
            const int32_t row = batch * params->batch_rows + step * params->step_rows;
            /* The output's row is what the hidden state becomes once all cells have read it. */
            int8_t *next = output + row * params->cells;
            for (int32_t i = 0; i < params->cells; i++) {
                next[i] = advance(params, i, input + row * params->input_depth, hidden, cell + i);
            }
            memcpy(hidden, next, (size_t)params->cells);
        }
        hidden += params->cells;
        cell += params->cells;
    }
}
