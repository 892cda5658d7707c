#include "tnf_drift.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* ln 2 in 1/4096. */
#define LN_2 2839

/* The first scores rest on fewer values than all others: they must be over so many times the limit,
 * as a power of 2, less one for each window before. */
#define EARLY_WINDOWS 2

/* Refuses to compile where a sketch lies otherwise than the host reads it. */
typedef char sketch_is_told[sizeof(tnf_sketch_t) == 32 ? 1 : -1];

/* ---- what comes in ---- */

/* Takes one value in `step` of those from `first` to `end`. The bin is found by halves. */
static void take(tnf_sketch_t *sketch, const TNF_FLASH int8_t *edges, const int8_t *values,
                 uint32_t first, uint32_t end, uint32_t step)
{
    uint32_t sum = 0;
    uint32_t squares = 0;
    uint32_t count = 0;
    uint32_t under = sketch->under[1];
    uint32_t most = sketch->most[1];
    for (uint32_t at = first; at < end; at += step) {
        int32_t value = values[at];
        uint32_t level = (uint32_t)(value + 128);
        uint32_t bin = value > edges[3] ? 4 : 0;
        bin += value > edges[bin + 1] ? 2u : 0u;
        bin += value > edges[bin] ? 1u : 0u;
        sketch->bins[bin]++;
        sum += level;
        squares += level * level;
        count++;
        under = UINT8_MAX - level > under ? UINT8_MAX - level : under;
        most = level > most ? level : most;
    }
    sketch->sum += sum;
    sketch->squares += squares;
    sketch->count = (uint16_t)(sketch->count + count);
    sketch->under[1] = (uint8_t)under;
    sketch->most[1] = (uint8_t)most;
}

void tnf_drift_input(tnf_drift_t *drift, const TNF_FLASH tnf_reference_t *reference,
                     const TNF_FLASH tnf_tensor_t *inputs, const int8_t *arena)
{
    const TNF_FLASH tnf_tensor_t *tensor = inputs + reference->input;
    const int8_t *values = arena + tensor->arena_offset;
    uint32_t value_bytes = reference->value_bytes;
    uint32_t position_bytes = value_bytes * reference->channels;
    uint32_t step = position_bytes * reference->stride;
    /* A value's last byte is its highest. */
    uint32_t first = position_bytes * drift->phase + value_bytes - 1;
    uint32_t left = reference->channels;
    for (uint32_t i = 0; i < reference->sketches; ++i) {
        for (uint32_t n = reference->group; n > 0 && left > 0; --n, --left) {
            take(&drift->sketches[i], reference->edges[i], values, first, tensor->bytes, step);
            first += value_bytes;
        }
    }
    drift->phase = (uint16_t)(drift->phase + 1 < reference->stride ? drift->phase + 1 : 0);
}

void tnf_drift_output(tnf_drift_t *drift, uint32_t class_index, uint32_t confidence)
{
    drift->classes[class_index]++;
    drift->confidence[confidence]++;
}

/* ---- scores ---- */

uint32_t tnf_drift_log2(uint32_t value)
{
    uint32_t whole = 15;
    while (value >= UINT32_C(1) << 16) {
        value >>= 1;
        whole++;
    }
    while (value < UINT32_C(1) << 15) {
        value <<= 1;
        whole--;
    }
    /* Squaring doubles the logarithm: each time its next bit is whether that goes over 2. */
    uint32_t log2 = whole;
    for (uint32_t bit = 0; bit < 10; ++bit) {
        value *= value;
        uint32_t over = value >> 31;
        value >>= 15 + over;
        log2 = 2 * log2 + over;
    }
    return log2;
}

uint32_t tnf_drift_score(const uint16_t *counts, const TNF_FLASH uint16_t *shares, size_t bins)
{
    uint32_t total = 0; /* in halves, as are the counts below */
    for (size_t i = 0; i < bins; ++i) {
        total += shares[i] != 0 ? 2 * (uint32_t)counts[i] + 1 : 0;
    }
    if (total == 0) {
        return 0;
    }
    int32_t whole = (int32_t)tnf_drift_log2(total) - 15 * 1024;
    int32_t sum =
        0; /* under 2^31: the differences of shares add up to 2^16, and a logarithm has 15 bits */
    for (size_t i = 0; i < bins; ++i) {
        uint32_t share = shares[i];
        uint32_t count = 2 * (uint32_t)counts[i] + 1;
        if (share != 0) {
            int32_t difference = (int32_t)((count << 15) / total) - (int32_t)share;
            int32_t ratio = (int32_t)tnf_drift_log2(count) - (int32_t)tnf_drift_log2(share) - whole;
            sum += difference * ratio;
        }
    }
    uint32_t score = sum > 0 ? (((uint32_t)sum >> 11) * LN_2) >> 12 : 0;
    return score < UINT16_MAX ? score : UINT16_MAX;
}

/* Rounds up and down by turns: a bin with one count a window would else be empty half the time. */
static void halve(uint16_t *counts, size_t size, uint32_t up)
{
    for (size_t i = 0; i < size; ++i) {
        counts[i] = (uint16_t)((counts[i] + up) >> 1);
    }
}

static void score(tnf_drift_t *drift, const TNF_FLASH tnf_reference_t *reference)
{
    uint32_t input = 0;
    for (uint32_t i = 0; i < reference->sketches; ++i) {
        uint32_t found =
            tnf_drift_score(drift->sketches[i].bins, reference->shares[i], TNF_SKETCH_BINS);
        input = found > input ? found : input;
    }
    uint32_t output =
        tnf_drift_score(drift->classes, reference->class_shares, COUNT_OF(drift->classes));
    output += tnf_drift_score(drift->confidence, reference->confidence_shares,
                              COUNT_OF(drift->confidence));
    output = output < UINT16_MAX ? output : UINT16_MAX;
    drift->input_score = input;
    drift->output_score = output;

    uint32_t early = drift->windows < EARLY_WINDOWS ? EARLY_WINDOWS - drift->windows : 0;
    uint32_t input_limit = reference->input_limit << early;
    uint32_t output_limit = reference->output_limit << early;
    if ((input_limit != 0 && input > input_limit) || (output_limit != 0 && output > output_limit)) {
        drift->alarms++;
    }
}

void tnf_drift_step(tnf_drift_t *drift, const TNF_FLASH tnf_reference_t *reference)
{
    if (drift->untold < TNF_SKETCH_INFERENCES) {
        drift->untold++;
    }
    if (++drift->position < reference->window) {
        return;
    }
    drift->position = 0;
    score(drift, reference);
    uint32_t up = drift->windows++ & 1u;
    for (uint32_t i = 0; i < TNF_SKETCHES; ++i) {
        tnf_sketch_t *sketch = &drift->sketches[i];
        sketch->sum >>= 1;
        sketch->squares >>= 1;
        sketch->count >>= 1;
        halve(sketch->bins, COUNT_OF(sketch->bins), up);
        sketch->under[0] = sketch->under[1];
        sketch->most[0] = sketch->most[1];
        sketch->under[1] = 0;
        sketch->most[1] = 0;
    }
    halve(drift->classes, COUNT_OF(drift->classes), up);
    halve(drift->confidence, COUNT_OF(drift->confidence), up);
}
