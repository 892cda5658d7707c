/** @file
 * A compiled model: what the generated code offers and what the runtime asks of it.
 *
 * All of it but the name is constant and stays in flash (tnf_flash.h). The tensor arena belongs to
 * the caller: one buffer of `arena_bytes`, aligned to TNF_ARENA_ALIGN, kept while the model is in
 * use.
 */
#ifndef TNF_MODEL_H
#define TNF_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "tnf_flash.h"

/** Version of the contract between generated code, kernels and runtime. */
#define TNF_ABI 1

/** Alignment of the tensor arena in bytes. */
#define TNF_ARENA_ALIGN 16

/** Alignment of constant arrays, so that kernels may read words from them. */
#define TNF_CONSTANT __attribute__((aligned(4)))

/** Declares an arena: `static TNF_ARENA(arena, DIGITS_ARENA_BYTES);` */
#define TNF_ARENA(name, bytes) int8_t name[bytes] __attribute__((aligned(TNF_ARENA_ALIGN)))

/** Is told of each layer as it ends; used to prove and to measure, NULL otherwise. */
typedef struct tnf_observer {
    /** @param context  the observer's own
     *  @param index    layer, 0 is the first
     *  @param output   the layer's output in the arena, valid during the call only
     *  @param bytes    size of that output */
    void (*layer)(void *context, uint32_t index, const int8_t *output, size_t bytes);
    void *context;
} tnf_observer_t;

/** A model input or output: int8 values q that stand for (q - zero_point) * scale. */
typedef struct tnf_tensor {
    uint32_t arena_offset;
    uint32_t bytes;
    float scale;
    int32_t zero_point;
} tnf_tensor_t;

/** One compiled model. */
typedef struct tnf_model {
    const char *name;
    uint8_t sha256[32]; /**< of the .tflite it was compiled from */
    uint32_t arena_bytes;
    uint32_t layers;
    tnf_tensor_t input;
    tnf_tensor_t output;
    /** Runs one inference on the input in the arena; the output is in the arena afterwards and the
     *  input may be overwritten. Not reentrant on one arena; may run in an ISR.
     *  @param observer  NULL, or who is told of each layer */
    void (*invoke)(int8_t *arena, const tnf_observer_t *observer);
} tnf_model_t;

/** Called by generated code after each layer. */
static inline void tnf_observe(const tnf_observer_t *observer, uint32_t index, const int8_t *output,
                               size_t bytes)
{
    if (observer != NULL) {
        observer->layer(observer->context, index, output, bytes);
    }
}

#endif
