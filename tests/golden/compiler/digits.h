/* digits: a model compiled by tinyflow 0.1.0. Do not edit: renew it with
 *     tinyflow compile digits.tflite --name digits --board qemu-m4
 *
 * model      digits.tflite, SHA-256 e06d28ffadb21faaeb9a868301069a6d0b6d0d18103c88e19fa3535747bea63e
 * kernels    ref, for board qemu-m4
 * weights    5778 bytes of flash
 * arena      2112 bytes of RAM: 1536 of tensors, 576 of kernel scratch
 * MACs       88416 per inference
 *
 * Use:
 *     static TNF_ARENA(arena, DIGITS_ARENA_BYTES);
 *     memcpy(digits_input(arena), samples, DIGITS_INPUT_BYTES);
 *     digits_invoke(arena, NULL);
 *     const int8_t *scores = digits_output(arena);
 */
#ifndef TNF_MODEL_DIGITS_H
#define TNF_MODEL_DIGITS_H

#include <stdint.h>

#include "tnf_model.h"

#if TNF_ABI != 2
#error "digits was generated for another tinyflow; renew it: tinyflow compile digits.tflite --name digits --board qemu-m4"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define DIGITS_ARENA_BYTES 2112
#define DIGITS_LAYERS 10

/** Input: int8 [1, 8, 8, 1], real value (q - (-128)) * 0.003921569f. */
#define DIGITS_INPUT_BYTES 64
#define DIGITS_INPUT_SCALE 0.003921569f
#define DIGITS_INPUT_ZERO_POINT (-128)

/** Output: int8 [1, 10], real value (q - (-128)) * 0.00390625f. */
#define DIGITS_OUTPUT_BYTES 10
#define DIGITS_OUTPUT_SCALE 0.00390625f
#define DIGITS_OUTPUT_ZERO_POINT (-128)

/** Everything above, for code that handles any model. */
extern const TNF_FLASH tnf_model_t digits_model;

/** Where to write the input before an inference. The inference may overwrite it. */
static inline int8_t *digits_input(int8_t *arena)
{
    return arena + 0;
}

/** Where the output is after an inference, until the next input is written. */
static inline const int8_t *digits_output(const int8_t *arena)
{
    return arena + 0;
}

/** Runs one inference.
 *  @param arena     DIGITS_ARENA_BYTES, aligned to TNF_ARENA_ALIGN
 *  @param observer  NULL, or who is told of each layer as it ends */
void digits_invoke(int8_t *arena, const tnf_observer_t *observer);

#ifdef __cplusplus
}
#endif

#endif
