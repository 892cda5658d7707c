/* What the twins of depthwise steps share: columns and rows of planes, weights, requantisation. */
#ifndef TNF_DEPTHWISE_STEP_H
#define TNF_DEPTHWISE_STEP_H

#include "tnf_depthwise_planes.h"
#include "tnf_requantize.h"

#define TNF_STEP_EXPONENT 1

/* The value at a row and a column of the planes of one channel. */
static inline int32_t tnf_step_value(const tnf_planes_step_t *step, int32_t row, int32_t column)
{
    const int32_t slot = row < 2 ? 0 : step->newer;
    const tnf_int16_t *pair =
        (const tnf_int16_t *)(const void *)(step->planes + column / 2 * TNF_PLANES_PAIR + slot);
    return pair[row % 2 * 2 + column % 2];
}

/* The words of weights of a channel, before its bias and its scale; and all of them. */
#define TNF_STEP_WEIGHTS 3
#define TNF_STEP_WORDS 6

/* A byte of a word, as a number. */
static inline int32_t tnf_step_byte(int32_t word, int32_t byte)
{
    return (int8_t)(uint8_t)((uint32_t)word >> (8 * byte) & 0xffU);
}

/* A sum in the short form: multiplier and constant, then the exponent. */
static inline int8_t tnf_step_requantize(int32_t sum, const TNF_FLASH int32_t *scale)
{
    const int32_t high = (int32_t)(((int64_t)sum * scale[0]) >> 32);
    return (int8_t)tnf_clamp((high + scale[1]) >> TNF_STEP_EXPONENT, INT8_MIN, INT8_MAX);
}

/* From a channel to the next. Returns whether there is one. */
static inline int32_t tnf_step_next(tnf_planes_step_t *step)
{
    step->channels--;
    step->planes += TNF_PLANES_CHANNEL;
    step->planes += step->channels % TNF_PLANES_GROUP == 0 ? step->group_skip : 0;
    step->output++;
    step->constants += TNF_STEP_WORDS;
    return step->channels > 0;
}

#endif
