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

void tnf_telemetry_record(tnf_telemetry_t *telemetry, uint32_t count,
                          const TNF_FLASH tnf_tensor_t *scores, const int8_t *output)
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
    if (tnf_tensor_values(scores) > TNF_CLASS_OUTPUTS_MAX) {
        return;
    }
    uint32_t best = tnf_tensor_largest(scores, output);
    if (best < TNF_CLASSES) {
        telemetry->classes[best]++;
    } else {
        telemetry->classes_other++;
    }
}
