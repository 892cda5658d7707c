/* The requests of a host that looks at the sensor, or replays samples in its place. */
#include "tnf_cbor.h"
#include "tnf_port.h"
#include "tnf_replies.h"
#include "tnf_sensing.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

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
    sensing->replayed_at_ms = tnf_port_uptime_ms();
    return TNF_OK;
}

tnf_status_t tnf_sensing_take(void *context, const tnf_request_t *request)
{
    tnf_sensing_t *sensing = context;
    return request->value[TNF_KEY_TYPE] == TNF_MESSAGE_SENSOR ? switch_source(sensing, request)
                                                              : take_samples(sensing, request);
}

/* ---- replies ---- */

static void put_figures(tnf_frame_writer_t *writer, const TNF_FLASH uint8_t *keys,
                        const uint32_t *values, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        tnf_cbor_head(writer, TNF_CBOR_UINT, keys[i]);
        tnf_cbor_head(writer, TNF_CBOR_UINT, values[i]);
    }
}

static void answer_sensor(const tnf_sensing_t *sensing, tnf_frame_writer_t *writer)
{
    const tnf_sensing_config_t *config = sensing->config;
    const tnf_ring_t *ring = &sensing->ring;
    static const TNF_FLASH uint8_t keys[] = {
        TNF_KEY_TYPE,    TNF_KEY_SEQUENCE, TNF_KEY_STATUS,          TNF_KEY_REPLAY,
        TNF_KEY_CREDIT,  TNF_KEY_CHANNELS, TNF_KEY_VALUE_BYTES,     TNF_KEY_RATE_HZ,
        TNF_KEY_WINDOW,  TNF_KEY_HOP,      TNF_KEY_WINDOWS_DROPPED, TNF_KEY_GAPS,
        TNF_KEY_WINDOWS, TNF_KEY_AGE,      TNF_KEY_AGE_MAX,
    };
    const uint32_t figures[COUNT_OF(keys)] = {
        TNF_MESSAGE_SENSOR_REPLY,
        config->session->sequence,
        (uint32_t)sensing->status,
        sensing->replaying ? 1 : 0,
        tnf_ring_missing(ring) * ring->sample_bytes,
        config->channels,
        config->value_bytes,
        config->rate_hz,
        config->window,
        config->hop,
        ring->dropped,
        ring->gaps,
        ring->windows,
        sensing->age,
        sensing->age_max,
    };
    tnf_cbor_head(writer, TNF_CBOR_MAP, COUNT_OF(keys) + 2);
    put_figures(writer, keys, figures, COUNT_OF(keys));
    tnf_cbor_head(writer, TNF_CBOR_UINT, TNF_KEY_SCALE);
    tnf_cbor_float(writer, config->scale);
    tnf_cbor_head(writer, TNF_CBOR_UINT, TNF_KEY_DRIVER);
    tnf_cbor_text(writer, config->driver);
}

static void answer_samples(const tnf_sensing_t *sensing, tnf_frame_writer_t *writer)
{
    const tnf_session_t *session = sensing->config->session;
    size_t bytes = (size_t)session->config->model->output_bytes;
    /* The last four only with a window. */
    static const TNF_FLASH uint8_t keys[] = {
        TNF_KEY_TYPE,    TNF_KEY_SEQUENCE, TNF_KEY_OFFSET,          TNF_KEY_CREDIT,
        TNF_KEY_WINDOWS, TNF_KEY_COUNT,    TNF_KEY_DEADLINE_MISSES, TNF_KEY_BYTES};
    const uint32_t figures[COUNT_OF(keys)] = {
        TNF_MESSAGE_SAMPLES_REPLY,
        session->sequence,
        sensing->taken,
        tnf_ring_missing(&sensing->ring) * sample_bytes(sensing),
        sensing->ring.windows,
        sensing->count,
        session->telemetry.deadline_misses,
        (uint32_t)bytes,
    };
    size_t fields = sensing->answers_window ? COUNT_OF(keys) : COUNT_OF(keys) - 4;
    tnf_cbor_head(writer, TNF_CBOR_MAP, (uint32_t)fields + (sensing->answers_window ? 1 : 0));
    put_figures(writer, keys, figures, fields);
    if (sensing->answers_window) {
        tnf_put_output(sensing->config->session, 0);
    }
}

void tnf_sensing_answer(void *context)
{
    const tnf_sensing_t *sensing = context;
    tnf_frame_writer_t *writer = &sensing->config->session->writer;
    tnf_frame_begin(writer);
    if (sensing->config->session->type == TNF_MESSAGE_SENSOR) {
        answer_sensor(sensing, writer);
    } else {
        answer_samples(sensing, writer);
    }
    tnf_frame_end(writer);
}
