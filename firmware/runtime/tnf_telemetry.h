/** @file
 * What a device remembers of its inferences, in constant memory.
 *
 * All state is the caller's. A count is in the unit of the board's counter.
 */
#ifndef TNF_TELEMETRY_H
#define TNF_TELEMETRY_H

#include <stddef.h>
#include <stdint.h>

#include "tnf_drift.h"
#include "tnf_messages.h"
#include "tnf_model.h"
#include "tnf_reference.h"

/** Most a tnf_telemetry_t may ever take. */
#define TNF_TELEMETRY_BYTES_MAX 512

/** Outputs with more values than this are not class scores and are not counted by class. */
#define TNF_CLASS_OUTPUTS_MAX 256

/** Figures over all inferences since start. */
typedef struct tnf_telemetry {
    uint64_t total; /**< sum of all counts */
    uint32_t inferences;
    uint32_t last; /**< count of the last inference */
    uint32_t min;  /**< 0 before the first */
    uint32_t max;
    uint32_t deadline; /**< most count an inference may take; 0 is none */
    uint32_t deadline_misses;
    uint32_t histogram[TNF_HISTOGRAM_BUCKETS];
    uint32_t classes[TNF_CLASSES]; /**< inferences by their largest output */
    uint32_t classes_other;        /**< those whose largest output is at TNF_CLASSES or after it */
    uint32_t confidence[TNF_CONFIDENCE_BINS]; /**< by their largest output in tenths of 1 */
    tnf_drift_t drift;
} tnf_telemetry_t;

/** Forgets everything. @param deadline  0 is none */
void tnf_telemetry_init(tnf_telemetry_t *telemetry, uint32_t deadline);

/** Takes note of what lies in the model's inputs, before the inference; any context, but not two at
 *  a time on one @p telemetry, here and below.
 *  @param reference  NULL: of nothing */
void tnf_telemetry_input(tnf_telemetry_t *telemetry, const TNF_FLASH tnf_reference_t *reference,
                         const TNF_FLASH tnf_tensor_t *inputs, const int8_t *arena);

/** Takes note of one inference.
 *  @param reference  NULL: its confidence is not counted, nor is drift looked at
 *  @param scores  the output whose largest value is its class
 *  @param output  that output's bytes */
void tnf_telemetry_record(tnf_telemetry_t *telemetry, const TNF_FLASH tnf_reference_t *reference,
                          uint32_t count, const TNF_FLASH tnf_tensor_t *scores,
                          const int8_t *output);

/** The histogram bucket of @p count: two per power of two, 0 to TNF_HISTOGRAM_BUCKETS - 1. */
uint32_t tnf_telemetry_bucket(uint32_t count);

#endif
