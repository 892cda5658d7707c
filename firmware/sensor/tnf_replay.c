/* The requests of a host that looks at the sensor, or replays samples in its place. */
#include "tnf_port.h"
#include "tnf_replies.h"
#include "tnf_sensing.h"

static uint32_t sample_bytes(const tnf_sensing_t *sensing)
{
    return sensing->ring.sample_bytes;
}

/* ---- requests ---- */

static tnf_status_t switch_source(tnf_sensing_t *sensing, const tnf_request_t *request)
{
    if (!tnf_request_has(request, TNF_KEY_REPLAY)) {
        return TNF_OK; /* only asks */
    }
    if (request->value[TNF_KEY_REPLAY] > 1 || sensing->status == TNF_BAD_FIELD) {
        return TNF_BAD_FIELD;
    }
    bool replay = request->value[TNF_KEY_REPLAY] == 1;
    if (replay || sensing->replaying) {
        tnf_sensing_rest(sensing);
    }
    sensing->replaying = replay;
    sensing->taken = 0;
    sensing->replayed_at_ms = tnf_port_uptime_ms();
    return TNF_OK;
}

static tnf_status_t take_samples(tnf_sensing_t *sensing, const tnf_request_t *request)
{
    uint32_t bytes = request->value[TNF_KEY_DATA];
    if (!sensing->replaying) {
        return TNF_NO_REPLAY;
    }
    if (request->value[TNF_KEY_OFFSET] != sensing->taken || bytes % sample_bytes(sensing) != 0) {
        return TNF_BAD_FIELD;
    }
    uint32_t samples = bytes / sample_bytes(sensing);
    uint32_t missing = tnf_ring_missing(&sensing->ring);
    samples = samples < missing ? samples : missing;
    tnf_ring_push(&sensing->ring, request->data, samples);
    sensing->taken += samples * sample_bytes(sensing);
    sensing->answers_window = tnf_sensing_classify(sensing);
    sensing->config->session->output_told |= sensing->answers_window;
    sensing->replayed_at_ms = tnf_port_uptime_ms();
    return TNF_OK;
}

tnf_status_t tnf_sensing_take(void *context, const tnf_request_t *request)
{
    tnf_sensing_t *sensing = context;
    const tnf_tap_t *tap = sensing->config->tap;
    switch (request->value[TNF_KEY_TYPE]) {
    case TNF_MESSAGE_SENSOR:
        return switch_source(sensing, request);
    case TNF_MESSAGE_SAMPLES:
        return take_samples(sensing, request);
    default:
        return tap != NULL ? tap->take(tap->context, request) : TNF_UNSUPPORTED;
    }
}

/* ---- replies ---- */

typedef struct facts_of_sensor {
    tnf_sensing_config_t config;
    tnf_ring_t ring;
    uint32_t status;
    uint32_t replay;
    uint32_t credit;
    uint32_t age;
    uint32_t age_max;
} facts_of_sensor_t;

static const TNF_FLASH tnf_row_t sensor_rows[] = {
    TNF_ROWS_REPLY(SENSOR_REPLY),
    TNF_ROW_FACT(STATUS, facts_of_sensor_t, status),
    TNF_ROW_FACT(REPLAY, facts_of_sensor_t, replay),
    TNF_ROW_FACT(CREDIT, facts_of_sensor_t, credit),
    TNF_ROW_FACT(CHANNELS, facts_of_sensor_t, config.channels),
    TNF_ROW_FACT(VALUE_BYTES, facts_of_sensor_t, config.value_bytes),
    TNF_ROW_FACT(RATE_HZ, facts_of_sensor_t, config.rate_hz),
    TNF_ROW_FACT(WINDOW, facts_of_sensor_t, config.window),
    TNF_ROW_FACT(HOP, facts_of_sensor_t, config.hop),
    TNF_ROW_FACT(WINDOWS_DROPPED, facts_of_sensor_t, ring.dropped),
    TNF_ROW_FACT(GAPS, facts_of_sensor_t, ring.gaps),
    TNF_ROW_FACT(WINDOWS, facts_of_sensor_t, ring.windows),
    TNF_ROW_FACT(AGE, facts_of_sensor_t, age),
    TNF_ROW_FACT(AGE_MAX, facts_of_sensor_t, age_max),
    TNF_ROW_FACT(SCALE, facts_of_sensor_t, config.scale),
    TNF_ROW_FACT(DRIVER, facts_of_sensor_t, config.driver),
};

static void answer_sensor(const tnf_sensing_t *sensing)
{
    const facts_of_sensor_t facts = {
        .config = *sensing->config,
        .ring = sensing->ring,
        .status = (uint32_t)sensing->status,
        .replay = sensing->replaying ? 1 : 0,
        .credit = tnf_ring_missing(&sensing->ring) * sample_bytes(sensing),
        .age = sensing->age,
        .age_max = sensing->age_max,
    };
    (void)tnf_send(sensing->config->session, sensor_rows, TNF_ROWS(sensor_rows), &facts);
}

typedef struct facts_of_samples {
    uint32_t taken;
    uint32_t credit;
    uint32_t windows;
    uint32_t count;
    uint32_t bytes;
    uint32_t from; /* where the output begins that is told */
} facts_of_samples_t;

static const TNF_FLASH tnf_row_t samples_rows[] = {
    TNF_ROWS_REPLY(SAMPLES_REPLY),
    TNF_ROW_FACT(OFFSET, facts_of_samples_t, taken),
    TNF_ROW_FACT(CREDIT, facts_of_samples_t, credit),
    TNF_ROW_FACT(WINDOWS, facts_of_samples_t, windows), /* from here on only with a window */
    TNF_ROW_FACT(COUNT, facts_of_samples_t, count),
    TNF_ROW_SESSION(DEADLINE_MISSES, telemetry.deadline_misses),
    TNF_ROW_FACT(BYTES, facts_of_samples_t, bytes),
    TNF_ROW_OUTPUT(facts_of_samples_t, from),
};

#define ROWS_OF_WINDOW 5u

static void answer_samples(const tnf_sensing_t *sensing)
{
    tnf_session_t *session = sensing->config->session;
    const facts_of_samples_t facts = {
        .taken = sensing->taken,
        .credit = tnf_ring_missing(&sensing->ring) * sample_bytes(sensing),
        .windows = sensing->ring.windows,
        .count = sensing->count,
        .bytes = session->config->model->output_bytes,
    };
    size_t rows = TNF_ROWS(samples_rows) - (sensing->answers_window ? 0 : ROWS_OF_WINDOW);
    (void)tnf_send(session, samples_rows, rows, &facts);
}

void tnf_sensing_answer(void *context)
{
    const tnf_sensing_t *sensing = context;
    const tnf_tap_t *tap = sensing->config->tap;
    switch (sensing->config->session->type) {
    case TNF_MESSAGE_SENSOR:
        answer_sensor(sensing);
        break;
    case TNF_MESSAGE_SAMPLES:
        answer_samples(sensing);
        break;
    default:
        tap->answer(tap->context);
        break;
    }
}
