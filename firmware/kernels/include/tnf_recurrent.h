/** @file
 * Layers that remember: what they keep from one call to the next is the caller's, in state tensors
 * that they read and change. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_RECURRENT_H
#define TNF_RECURRENT_H

#include "tnf_kernels.h"

#define tnf_lstm_s16 TNF_LINK_NAME(tnf_lstm_s16, TNF_BACKEND)
#define tnf_lstm_s8 TNF_LINK_NAME(tnf_lstm_s8, TNF_BACKEND)
#define tnf_svdf_s8 TNF_LINK_NAME(tnf_svdf_s8, TNF_BACKEND)
#define tnf_svdf_state_s8 TNF_LINK_NAME(tnf_svdf_state_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Long short-term memory over a sequence. Gates are in the order input, forget, cell, output;
 *  before their activation they are Q3.12, after it Q0.15. The zero points of input and hidden
 *  state are in the biases. */
typedef struct tnf_lstm {
    int32_t batches;
    int32_t steps;
    int32_t input_depth;
    int32_t cells;
    int32_t batch_rows; /**< rows from a batch to the next: steps, or 1 where time is first */
    int32_t step_rows;  /**< rows from a step to the next: 1, or batches */
    int32_t cell_integer_bits; /**< of the cell state, 0 to 6; its fraction has 15 minus that */
    int32_t cell_clip;         /**< greatest cell state, 1 to 32767; 0 is none */
    int32_t hidden_multiplier; /**< from Q0.30 to the hidden state's scale */
    int32_t hidden_shift;
    int32_t hidden_offset;                     /**< zero point of the hidden state */
    const TNF_FLASH int8_t *input_weights;     /**< [4, cells, input_depth] */
    const TNF_FLASH int8_t *recurrent_weights; /**< [4, cells, cells] */
    const TNF_FLASH int32_t *input_bias;       /**< [4, cells] */
    const TNF_FLASH int32_t *recurrent_bias;   /**< [4, cells] */
    const TNF_FLASH int32_t *multiplier;       /**< [2, 4]: of inputs, then of hidden states */
    const TNF_FLASH int8_t *shift;             /**< [2, 4] */
} tnf_lstm_t;

/** @param params  sizes and constants
 *  @param input   [batches, steps, input_depth], or [steps, batches, input_depth]
 *  @param hidden  [batches, cells], read and changed
 *  @param cell    [batches, cells], read and changed
 *  @param output  rows as in the input, of `cells` values: the hidden state after each step */
void tnf_lstm_s8(const TNF_FLASH tnf_lstm_t *params, const int8_t *input, int8_t *hidden,
                 tnf_int16_t *cell, int8_t *output);

/** tnf_lstm_t for int16 activations, whose gates have sums of 64 bits and become their activations
 *  by tables. */
typedef struct tnf_lstm_wide {
    int32_t batches;
    int32_t steps;
    int32_t input_depth;
    int32_t cells;
    int32_t batch_rows; /**< rows from a batch to the next: steps, or 1 where time is first */
    int32_t step_rows;  /**< rows from a step to the next: 1, or batches */
    int32_t cell_integer_bits; /**< of the cell state, 0 to 6; its fraction has 15 minus that */
    int32_t cell_clip;         /**< greatest cell state, 1 to 32767; 0 is none */
    int32_t cell_multiplier;   /**< from Q0.30 to the cell state's scale */
    int32_t cell_shift;
    int32_t hidden_multiplier; /**< from Q0.30 to the hidden state's scale */
    int32_t hidden_shift;
    const TNF_FLASH int8_t *input_weights;     /**< [4, cells, input_depth] */
    const TNF_FLASH int8_t *recurrent_weights; /**< [4, cells, cells] */
    const TNF_FLASH int64_t *bias;             /**< [4, cells] */
    /** [2, 4]: of inputs, then of hidden states, as tnf_requantize_wide takes them */
    const TNF_FLASH int32_t *multiplier;
    const TNF_FLASH int8_t *shift; /**< [2, 4] */
} tnf_lstm_wide_t;

/** @param params  sizes and constants
 *  @param input   [batches, steps, input_depth], or [steps, batches, input_depth]
 *  @param hidden  [batches, cells], read and changed
 *  @param cell    [batches, cells], read and changed
 *  @param output  rows as in the input, of `cells` values: the hidden state after each step */
void tnf_lstm_s16(const TNF_FLASH tnf_lstm_wide_t *params, const tnf_int16_t *input,
                  tnf_int16_t *hidden, tnf_int16_t *cell, tnf_int16_t *output);

/** One step of a filter over time whose matrix is of low rank: each filter weighs the input's
 *  features, remembers that over `memory` steps, and weighs what it remembers. */
typedef struct tnf_svdf {
    int32_t batches;
    int32_t input_depth;
    int32_t units;
    int32_t rank;   /**< filters of a unit */
    int32_t memory; /**< steps, the last is the newest */
    int32_t input_offset;
    int32_t state_multiplier; /**< from features to the state's scale */
    int32_t state_shift;
    int32_t state_offset;      /**< zero point of the state; 0 where it is int16 */
    int32_t output_multiplier; /**< from the sum over time to the output's scale */
    int32_t output_shift;
    int32_t output_offset;
    const TNF_FLASH int8_t *feature_weights; /**< [units * rank, input_depth] */
    /** [units * rank, memory], where the state is int16 */
    const TNF_FLASH int16_t *time_weights;
    /** [units * rank, memory], where the state is int8 */
    const TNF_FLASH int8_t *time_weights_s8;
    const TNF_FLASH int32_t *bias; /**< [units], or NULL for none */
} tnf_svdf_t;

/** @param params  sizes and constants
 *  @param input   [batches, input_depth]
 *  @param state   [batches, units * rank, memory], read and changed
 *  @param output  [batches, units] */
void tnf_svdf_s8(const TNF_FLASH tnf_svdf_t *params, const int8_t *input, tnf_int16_t *state,
                 int8_t *output);

/** tnf_svdf_s8 with a state, and weights over time, of int8.
 *  @param params  sizes and constants
 *  @param input   [batches, input_depth]
 *  @param state   [batches, units * rank, memory], read and changed
 *  @param output  [batches, units] */
void tnf_svdf_state_s8(const TNF_FLASH tnf_svdf_t *params, const int8_t *input, int8_t *state,
                       int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
