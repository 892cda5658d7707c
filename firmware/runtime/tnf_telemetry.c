#include "tnf_telemetry.h"

#include <string.h>

#include "tnf_tensor.h"

/* Refuses to compile when telemetry grows over its bound. */
typedef char telemetry_fits[sizeof(tnf_telemetry_t) <= TNF_TELEMETRY_BYTES_MAX ? 1 : -1];

void tnf_telemetry_init(tnf_telemetry_t *telemetry, uint32_t deadline)
{
    memset(telemetry, 0, sizeof *telemetry);
    telemetry->deadline = deadline;
}

uint32_t tnf_telemetry_bucket(uint32_t count)
{
    uint32_t octave = 0;
    uint32_t rest = count >> TNF_HISTOGRAM_LOWEST_LOG2;
    if (rest == 0) {
        return 0;
    }
    while (rest > 1) {
        rest >>= 1;
        ++octave;
    }
    uint32_t half = (count >> (octave + TNF_HISTOGRAM_LOWEST_LOG2 - 1)) & 1u;
    uint32_t bucket = 2 * octave + half;
    return bucket < TNF_HISTOGRAM_BUCKETS ? bucket : TNF_HISTOGRAM_BUCKETS - 1;
}

void tnf_telemetry_input(tnf_telemetry_t *telemetry, const TNF_FLASH tnf_reference_t *reference,
                         const TNF_FLASH tnf_tensor_t *inputs, const int8_t *arena)
{
    if (reference != NULL) {
        tnf_drift_input(&telemetry->drift, reference, inputs, arena);
    }
}

static void record_class(tnf_telemetry_t *telemetry, const TNF_FLASH tnf_reference_t *reference,
                         const TNF_FLASH tnf_tensor_t *scores, const int8_t *output)
{
    uint32_t best = tnf_tensor_largest(scores, output);
    uint32_t class_index = best < TNF_CLASSES ? best : TNF_CLASSES;
    if (best < TNF_CLASSES) {
        telemetry->classes[best]++;
    } else {
        telemetry->classes_other++;
    }
    if (reference != NULL) {
        int32_t largest = tnf_tensor_order(scores, output, best);
        uint32_t bin = 0;
        while (bin < TNF_CONFIDENCE_BINS - 1 && largest >= reference->confidence_edges[bin]) {
            bin++;
        }
        telemetry->confidence[bin]++;
        tnf_drift_output(&telemetry->drift, class_index, bin);
    }
}

void tnf_telemetry_record(tnf_telemetry_t *telemetry, const TNF_FLASH tnf_reference_t *reference,
                          uint32_t count, const TNF_FLASH tnf_tensor_t *scores,
                          const int8_t *output)
{
    if (telemetry->inferences == 0 || count < telemetry->min) {
        telemetry->min = count;
    }
    if (count > telemetry->max) {
        telemetry->max = count;
    }
    telemetry->inferences++;
    telemetry->last = count;
    telemetry->total += count;
    telemetry->histogram[tnf_telemetry_bucket(count)]++;
    if (telemetry->deadline != 0 && count > telemetry->deadline) {
        telemetry->deadline_misses++;
    }
    if (tnf_tensor_values(scores) <= TNF_CLASS_OUTPUTS_MAX) {
        record_class(telemetry, reference, scores, output);
    }
    if (reference != NULL) {
        tnf_drift_step(&telemetry->drift, reference);
    }
}
