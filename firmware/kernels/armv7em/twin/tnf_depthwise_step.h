/* What the twins of depthwise steps share: columns and rows of planes, weights, requantisation. */
#ifndef TNF_DEPTHWISE_STEP_H
#define TNF_DEPTHWISE_STEP_H

#include "tnf_depthwise_planes.h"
#include "tnf_dsp.h"

#define TNF_STEP_EXPONENT 1 /* of the short requantisation */

/* The value at a row and a column of the planes of one channel. */
static inline int32_t tnf_step_value(const tnf_planes_step_t *step, int32_t row, int32_t column)
{
    const int32_t slot = row < 2 ? 0 : step->newer;
    const tnf_int16_t *pair =
        (const tnf_int16_t *)(const void *)(step->planes + column / 2 * TNF_PLANES_PAIR + slot);
    return pair[row % 2 * 2 + column % 2];
}

/* The words of weights of a channel, before its bias and its factors. */
#define TNF_STEP_WEIGHTS 3

/* A byte of a word, as a number. */
static inline int32_t tnf_step_byte(int32_t word, int32_t byte)
{
    return (int8_t)(uint8_t)((uint32_t)word >> (8 * byte) & 0xffU);
}

/* The sum of an output at stride 1. */
static inline int32_t tnf_step_1_sum(const tnf_planes_step_t *step, int32_t row, int32_t column)
{
    int32_t sum = step->constants[TNF_STEP_WEIGHTS];
    for (int32_t y = 0; y < 3; y++) {
        const int32_t weights = step->constants[y];
        sum += tnf_step_value(step, row + y, column) * tnf_step_byte(weights, 0);
        sum += tnf_step_value(step, row + y, column + 1) * tnf_step_byte(weights, 2);
        sum += tnf_step_value(step, row + y, column + 2) * tnf_step_byte(weights, 3);
    }
    return sum;
}

/* The sum of an output at stride 2. */
static inline int32_t tnf_step_2_sum(const tnf_planes_step_t *step, int32_t column)
{
    const TNF_FLASH int32_t *constants = step->constants;
    int32_t sum = constants[TNF_STEP_WEIGHTS];
    for (int32_t y = 0; y < 3; y++) {
        const int32_t pair = constants[y / 2];
        const int32_t last =
            y < 2 ? tnf_step_byte(constants[1], 1 + 2 * y) : tnf_step_byte(constants[2], 0);
        sum += tnf_step_value(step, y, 2 * column) * tnf_step_byte(pair, y % 2);
        sum += tnf_step_value(step, y, 2 * column + 1) * tnf_step_byte(pair, y % 2 + 2);
        sum += tnf_step_value(step, y, 2 * column + 2) * last;
    }
    return sum;
}

/* From a channel to the next. Returns whether there is one. */
static inline int32_t tnf_step_next(tnf_planes_step_t *step, int32_t words)
{
    step->channels--;
    step->planes += TNF_PLANES_CHANNEL;
    step->planes += step->channels % TNF_PLANES_GROUP == 0 ? step->group_skip : 0;
    step->output++;
    step->constants += words;
    return step->channels > 0;
}

#endif
