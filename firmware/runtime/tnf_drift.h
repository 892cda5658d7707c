/** @file
 * How far a device's inputs and outputs are from those that its model was trained with.
 *
 * Counts by bins are kept in 16 bits. After each window of inferences they give a score and are
 * then halved, so that what is old neither hides what is new nor grows without bound. The score is
 * the population stability index, the sum over all bins of (a - e) ln(a / e) for shares a here and
 * e in training (Kullback and Leibler 1951, in their symmetric form), in integers alone:
 * tinyflow.drift.twin computes the same bits.
 */
#ifndef TNF_DRIFT_H
#define TNF_DRIFT_H

#include <stddef.h>
#include <stdint.h>

#include "tnf_messages.h"
#include "tnf_model.h"
#include "tnf_reference.h"

/** So much of a score is a population stability index of 1. */
#define TNF_SCORE_ONE 16384

/** Sketches are not told again before so many more inferences: of one inference, the difference of
 *  two could be the very sample. */
#define TNF_SKETCH_INFERENCES 16

/** What a group of input channels was lately. Values are bytes of the input + 128. It is told to
 * the host as it lies in memory, which is the same on all boards: 32 bytes, little endian. */
typedef struct tnf_sketch {
    uint32_t sum;
    uint32_t squares; /**< sum of the squares */
    uint16_t count;
    uint16_t bins[TNF_SKETCH_BINS];
    uint8_t under[2]; /**< 255 less the least, in the window before, and in this one so far */
    uint8_t most[2];
    uint16_t unused;
} tnf_sketch_t;

/** What inputs and outputs were lately, and their last scores. All zero is before the first. */
typedef struct tnf_drift {
    uint32_t windows;     /**< that were scored */
    uint32_t alarms;      /**< of them, those with a score over its limit */
    uint32_t input_score; /**< of the last window, in 1 / TNF_SCORE_ONE */
    uint32_t output_score;
    tnf_sketch_t sketches[TNF_SKETCHES];
    uint16_t classes[TNF_CLASSES + 1];
    uint16_t confidence[TNF_CONFIDENCE_BINS];
    uint16_t position; /**< inferences in this window */
    uint16_t phase;    /**< of the stride */
    uint16_t untold; /**< inferences since the sketches were told, TNF_SKETCH_INFERENCES at most */
} tnf_drift_t;

/** Takes note of what lies in the model's inputs. Any context, but not two at a time on one
 *  @p drift, here and below.
 *  @param inputs  the model's, in @p arena */
void tnf_drift_input(tnf_drift_t *drift, const TNF_FLASH tnf_reference_t *reference,
                     const TNF_FLASH tnf_tensor_t *inputs, const int8_t *arena);

/** Takes note of one output. @param class_index  up to TNF_CLASSES @param confidence  its bin */
void tnf_drift_output(tnf_drift_t *drift, uint32_t class_index, uint32_t confidence);

/** Ends an inference: scores and halves where it was the last of a window. */
void tnf_drift_step(tnf_drift_t *drift, const TNF_FLASH tnf_reference_t *reference);

/** The base-2 logarithm of @p value, not 0, in 1/1024, rounded down. */
uint32_t tnf_drift_log2(uint32_t value);

/** The population stability index of @p counts against @p shares, in 1 / TNF_SCORE_ONE, 4 at most.
 *  Half a count is added to each bin, for an empty one would be infinitely far away; bins without
 *  a share are left out.
 *  @param bins  32 at most */
uint32_t tnf_drift_score(const uint16_t *counts, const TNF_FLASH uint16_t *shares, size_t bins);

#endif
