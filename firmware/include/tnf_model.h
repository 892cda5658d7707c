/** @file
 * A compiled model: what the generated code offers and what the runtime asks of it.
 *
 * All of it but the name is constant and stays in flash (tnf_flash.h). The tensor arena belongs to
 * the caller: one buffer of `arena_bytes`, aligned to TNF_ARENA_ALIGN, kept while the model is in
 * use. A model compiled for a board with slow RAM may have tensors of its own there.
 */
#ifndef TNF_MODEL_H
#define TNF_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "tnf_flash.h"
#include "tnf_types.h"

/** Version of the contract between generated code, kernels and runtime. */
#define TNF_ABI 2

/** Alignment of the tensor arena in bytes. */
#define TNF_ARENA_ALIGN 16

/** Alignment of constant arrays, so that kernels may read words from them. */
#define TNF_CONSTANT __attribute__((aligned(4)))

/** Declares an arena: `static TNF_ARENA(arena, DIGITS_ARENA_BYTES);` */
#define TNF_ARENA(name, bytes) int8_t name[bytes] __attribute__((aligned(TNF_ARENA_ALIGN)))

/** Where a model's slow memory lies: a section of its own, that the linker script puts into slow
 * RAM, or else with all variables. The build may define it, for an SDK that calls its section
 * otherwise. */
#ifndef TNF_SLOW_MEMORY
#ifdef __ELF__
#define TNF_SLOW_MEMORY __attribute__((section(".bss.tnf_slow"), aligned(TNF_ARENA_ALIGN)))
#else
#define TNF_SLOW_MEMORY __attribute__((aligned(TNF_ARENA_ALIGN)))
#endif
#endif

/** A part of what a layer writes, as it lies in memory. */
typedef struct tnf_part {
    uint32_t layer;       /**< 0 is the first */
    uint32_t layer_bytes; /**< of all that the layer writes */
    uint32_t offset;      /**< where the part begins in it */
    size_t bytes;         /**< of the part */
    const int8_t *data;   /**< valid during the call only */
} tnf_part_t;

/** Is told what each layer writes as soon as it is there; used to prove and to measure. */
typedef struct tnf_observer {
    /** The parts of a layer come in order and together are all of it: most layers have one, one
     * with several outputs has one each, and one that is computed by rows has many, between which
     * parts of other layers come.
     *  @param context  the observer's own */
    void (*part)(void *context, const tnf_part_t *part);
    void *context;
} tnf_observer_t;

/** Types of model inputs and outputs. */
enum {
    TNF_INT8 = 0,
    TNF_INT16 = 1,
    TNF_INT32 = 2,
    TNF_FLOAT32 = 3,
    TNF_BOOL = 4, /**< one byte, 0 or 1 */
};

/** A model input or output. Where `scale` is not 0, values q stand for (q - zero_point) * scale. */
typedef struct tnf_tensor {
    uint32_t arena_offset;
    uint32_t bytes;
    float scale;
    int32_t zero_point;
    uint32_t type; /**< TNF_INT8 ... */
} tnf_tensor_t;

/** One compiled model. */
typedef struct tnf_model {
    const char *name;
    uint8_t sha256[32]; /**< of the .tflite it was compiled from */
    uint32_t arena_bytes;
    uint32_t layers;
    uint32_t input_bytes;  /**< of all inputs */
    uint32_t output_bytes; /**< of all outputs */
    uint32_t input_count;
    uint32_t output_count;
    const TNF_FLASH tnf_tensor_t *inputs;  /**< [input_count] */
    const TNF_FLASH tnf_tensor_t *outputs; /**< [output_count] */
    /** Sets what the model keeps between inferences to its initial values: before the first, and
     *  when a new stream begins. NULL where it keeps nothing. */
    void (*reset)(int8_t *arena);
    /** Runs one inference on the inputs in the arena; the outputs are in the arena afterwards and
     *  the inputs may be overwritten. Not reentrant on one arena, or with slow memory at all; may
     *  run in an ISR.
     *  @param observer  NULL, or who is told what each layer writes */
    void (*invoke)(int8_t *arena, const tnf_observer_t *observer);
} tnf_model_t;

/** Called by generated code for each part of a layer. Out of line: a call is half as large. */
static __attribute__((noinline, unused)) void tnf_observe(const tnf_observer_t *observer,
                                                          uint32_t layer, uint32_t layer_bytes,
                                                          uint32_t offset, const int8_t *data,
                                                          size_t bytes)
{
    if (observer != NULL) {
        const tnf_part_t part = {layer, layer_bytes, offset, bytes, data};
        observer->part(observer->context, &part);
    }
}

#endif
