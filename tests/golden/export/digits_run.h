/* digits_run: model digits in one call. Written by tinyflow 0.1.0.
 *
 *     #include "digits_run.h"
 *     digits_run(input, output);
 *
 * The tensor arena is the library's own, 2,112 bytes of static RAM. It is in the image
 * only where digits_run is called: for an arena of your own call digits_invoke, see digits.h. */
#ifndef TNF_MODEL_DIGITS_RUN_H
#define TNF_MODEL_DIGITS_RUN_H

#include <stdint.h>

#include "digits.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Runs one inference. Not from two threads, or a thread and an ISR, at once: they would share the
 *  arena.
 *  @param input  DIGITS_INPUT_BYTES, int8 [1, 8, 8, 1]; is not written to
 *  @param output  DIGITS_OUTPUT_BYTES, int8 [1, 10]; may be an input
 */
void digits_run(const int8_t *input, int8_t *output);

/** The value of input nearest to a real one: halves away from zero, what is out of range to
 *  the nearer end, NaN to the lowest. */
static inline int8_t digits_quantize(float real)
{
    const float low = (float)(INT8_MIN - DIGITS_INPUT_ZERO_POINT);
    const float high = (float)(INT8_MAX - DIGITS_INPUT_ZERO_POINT);
    const float scaled = real / DIGITS_INPUT_SCALE;
    const float rounded = scaled < 0.0f ? scaled - 0.5f : scaled + 0.5f;
    if (!(rounded > low)) {
        return INT8_MIN;
    }
    if (rounded >= high) {
        return INT8_MAX;
    }
    return (int8_t)((int32_t)rounded + DIGITS_INPUT_ZERO_POINT);
}

/** The real value that a value of output stands for. */
static inline float digits_dequantize(int8_t value)
{
    return (float)(value - DIGITS_OUTPUT_ZERO_POINT) * DIGITS_OUTPUT_SCALE;
}

#ifdef __cplusplus
}
#endif

#endif
