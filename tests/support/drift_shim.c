/* What a device remembers, without a session, as a library for ctypes. */
#include "tnf_drift.h"
#include "tnf_telemetry.h"

void shim_start(void);
size_t shim_run(const tnf_model_t *model, const int8_t *inputs, const int8_t *outputs, size_t count,
                uint16_t *scores);
const tnf_telemetry_t *shim_telemetry(void);
size_t shim_telemetry_bytes(void);
uint32_t shim_score(const uint16_t *counts, const uint16_t *shares, size_t bins);

static tnf_telemetry_t telemetry;

void shim_start(void)
{
    tnf_telemetry_init(&telemetry, 0);
}

/* Takes note of inferences, whose inputs and outputs lie one after another; both scores of each
 * window that ends. Returns how many windows those were. */
size_t shim_run(const tnf_model_t *model, const int8_t *inputs, const int8_t *outputs, size_t count,
                uint16_t *scores)
{
    size_t windows = 0;
    for (size_t i = 0; i < count; ++i) {
        uint32_t before = telemetry.drift.windows;
        tnf_telemetry_input(&telemetry, &tnf_reference, model->inputs, inputs);
        tnf_telemetry_record(&telemetry, &tnf_reference, 1000, model->outputs, outputs);
        if (telemetry.drift.windows != before) {
            scores[2 * windows] = (uint16_t)telemetry.drift.input_score;
            scores[2 * windows + 1] = (uint16_t)telemetry.drift.output_score;
            windows++;
        }
        inputs += model->input_bytes;
        outputs += model->output_bytes;
    }
    return windows;
}

const tnf_telemetry_t *shim_telemetry(void)
{
    return &telemetry;
}

size_t shim_telemetry_bytes(void)
{
    return sizeof telemetry;
}

uint32_t shim_score(const uint16_t *counts, const uint16_t *shares, size_t bins)
{
    return tnf_drift_score(counts, shares, bins);
}
