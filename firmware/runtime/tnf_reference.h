/** @file
 * What a device compares its inferences with: how inputs are sketched, and what inputs and outputs
 * were when the model was trained.
 *
 * The toolchain writes one for every firmware (src/reference.c) and it stays in flash.
 */
#ifndef TNF_REFERENCE_H
#define TNF_REFERENCE_H

#include <stdint.h>

#include "tnf_flash.h"
#include "tnf_messages.h"

/** One model's reference. A share is in 1/32768; where all of them are 0 there is nothing to
 * compare with. An input of int16 is looked at by its high bytes. */
typedef struct tnf_reference {
    uint32_t window;       /**< inferences from one score to the next, 1 to 32767 */
    uint32_t input_limit;  /**< an input score over it is an alarm, in 1/16384; 0 is none */
    uint32_t output_limit; /**< the same of an output score */
    uint8_t sketches;      /**< 0 where no input is sketched */
    uint8_t input;         /**< which of the model's inputs is */
    uint8_t value_bytes;   /**< 1: int8, 2: int16 */
    uint8_t channels;      /**< values of a position, one beside the other in memory */
    uint8_t group;         /**< channels that share a sketch; the last may have fewer */
    uint16_t stride; /**< one position in so many is looked at, another one each time; at least 1 */
    float scale;     /**< a byte b of the input stands for (b + 128 - zero) * scale */
    float zero;
    /** By the largest output: the lowest value of each bin but the first, as tnf_tensor_order. */
    int32_t confidence_edges[TNF_CONFIDENCE_BINS - 1];
    /** By sketch, the highest byte of each bin but the last. */
    int8_t edges[TNF_SKETCHES][TNF_SKETCH_BINS - 1];
    uint16_t shares[TNF_SKETCHES][TNF_SKETCH_BINS];
    uint16_t class_shares[TNF_CLASSES + 1]; /**< the last is that of all others */
    uint16_t confidence_shares[TNF_CONFIDENCE_BINS];
} tnf_reference_t;

/** What a firmware project defines in src/reference.c. */
extern const TNF_FLASH tnf_reference_t tnf_reference;

#endif
