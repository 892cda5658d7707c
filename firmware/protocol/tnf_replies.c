#include "tnf_replies.h"

#include "tnf_cbor.h"
#include "tnf_port.h"
#include "tnf_tensor.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static void put_key(tnf_session_t *session, uint32_t key)
{
    tnf_cbor_head(&session->writer, TNF_CBOR_UINT, key);
}

static void put_uint(tnf_session_t *session, uint32_t key, uint32_t value)
{
    put_key(session, key);
    tnf_cbor_head(&session->writer, TNF_CBOR_UINT, value);
}

/* Many unsigned fields from two arrays: half the code of as many calls. */
static void put_figures(tnf_session_t *session, const TNF_FLASH uint8_t *keys,
                        const uint32_t *values, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        put_uint(session, keys[i], values[i]);
    }
}

static void put_text(tnf_session_t *session, uint32_t key, const char *text)
{
    put_key(session, key);
    tnf_cbor_text(&session->writer, text);
}

static void put_bytes(tnf_session_t *session, uint32_t key, const void *data, size_t size)
{
    put_key(session, key);
    tnf_cbor_bytes(&session->writer, data, size);
}

static void put_array(tnf_session_t *session, uint32_t key, const uint32_t *values, uint32_t size)
{
    put_key(session, key);
    tnf_cbor_head(&session->writer, TNF_CBOR_ARRAY, size);
    for (uint32_t i = 0; i < size; ++i) {
        tnf_cbor_head(&session->writer, TNF_CBOR_UINT, values[i]);
    }
}

static void put_tensor(tnf_session_t *session, const TNF_FLASH tnf_tensor_t *tensor,
                       uint32_t scale_key, uint32_t zero_point_key)
{
    put_key(session, scale_key);
    tnf_cbor_float(&session->writer, tensor->scale);
    put_key(session, zero_point_key);
    tnf_cbor_int(&session->writer, tensor->zero_point);
}

/* Begins a message with `fields` more fields to come. */
static void begin(tnf_session_t *session, uint32_t type, uint32_t fields)
{
    tnf_frame_begin(&session->writer);
    tnf_cbor_head(&session->writer, TNF_CBOR_MAP, fields + 1);
    put_uint(session, TNF_KEY_TYPE, type);
}

/* Begins a reply: the same, with the sequence number of the request. */
static void begin_reply(tnf_session_t *session, uint32_t type, uint32_t fields)
{
    begin(session, type, fields + 1);
    put_uint(session, TNF_KEY_SEQUENCE, session->sequence);
}

static void end(tnf_session_t *session)
{
    tnf_frame_end(&session->writer);
}

const int8_t *tnf_session_output(const tnf_session_t *session)
{
    return session->config->arena + session->config->model->outputs->arena_offset;
}

void tnf_send_status(tnf_session_t *session, tnf_status_t status)
{
    begin_reply(session, TNF_MESSAGE_STATUS_REPLY, 2);
    put_uint(session, TNF_KEY_STATUS, (uint32_t)status);
    put_uint(session, TNF_KEY_BYTES, session->input_bytes);
    end(session);
}

void tnf_send_damaged(tnf_session_t *session)
{
    begin(session, TNF_MESSAGE_STATUS_REPLY, 1);
    put_uint(session, TNF_KEY_STATUS, TNF_BAD_FRAME);
    end(session);
}

static uint32_t chunk(uint32_t bytes, uint32_t offset)
{
    uint32_t left = bytes - offset;
    return left < TNF_CHUNK_BYTES ? left : TNF_CHUNK_BYTES;
}

void tnf_put_output(tnf_session_t *session, uint32_t offset)
{
    const TNF_FLASH tnf_model_t *model = session->config->model;
    uint32_t end = offset + chunk(model->output_bytes, offset);
    put_key(session, TNF_KEY_DATA);
    tnf_cbor_head(&session->writer, TNF_CBOR_BYTES, end - offset);
    while (offset < end) {
        uint32_t place;
        uint32_t run = tnf_tensor_run(model->outputs, offset, &place);
        run = run < end - offset ? run : end - offset;
        tnf_frame_put(&session->writer, session->config->arena + place, (size_t)run);
        offset += run;
    }
}

void tnf_send_output(tnf_session_t *session, uint32_t offset)
{
    begin_reply(session, TNF_MESSAGE_CHUNK, 3);
    put_uint(session, TNF_KEY_OFFSET, offset);
    put_uint(session, TNF_KEY_BYTES, session->config->model->output_bytes);
    tnf_put_output(session, offset);
    end(session);
}

void tnf_send_chunk(tnf_session_t *session, uint32_t all, uint32_t offset, const int8_t *data,
                    size_t bytes)
{
    begin_reply(session, TNF_MESSAGE_CHUNK, 3);
    put_uint(session, TNF_KEY_OFFSET, offset);
    put_uint(session, TNF_KEY_BYTES, all);
    put_bytes(session, TNF_KEY_DATA, data, bytes);
    end(session);
}

void tnf_send_result(tnf_session_t *session)
{
    bool remembers = session->config->model->reset != NULL;
    begin_reply(session, TNF_MESSAGE_RESULT, remembers ? 4 : 3);
    put_uint(session, TNF_KEY_COUNT, session->count);
    put_uint(session, TNF_KEY_BYTES, session->config->model->output_bytes);
    tnf_put_output(session, 0);
    if (remembers) {
        put_uint(session, TNF_KEY_STEPS, session->steps);
    }
    end(session);
}

void tnf_send_layer(tnf_session_t *session, uint32_t index, uint32_t bytes, uint32_t crc32,
                    uint32_t count)
{
    begin_reply(session, TNF_MESSAGE_LAYER, 4);
    put_uint(session, TNF_KEY_LAYER, index);
    put_uint(session, TNF_KEY_BYTES, bytes);
    put_uint(session, TNF_KEY_CRC32, crc32);
    put_uint(session, TNF_KEY_COUNT, count);
    end(session);
}

void tnf_send_hello(tnf_session_t *session)
{
    const tnf_session_config_t *config = session->config;
    const tnf_model_t model = *config->model; /* from flash */
    tnf_port_health_t health;
    tnf_port_health(&health);
    uint32_t clock_hz = health.clock_hz != 0 ? health.clock_hz : config->clock_hz;
    static const TNF_FLASH uint8_t keys[] = {TNF_KEY_PROTOCOL,    TNF_KEY_ARENA_BYTES,
                                             TNF_KEY_LAYERS,      TNF_KEY_CLOCK_HZ,
                                             TNF_KEY_CHUNK_BYTES, TNF_KEY_HEARTBEAT_MS};
    const uint32_t figures[COUNT_OF(keys)] = {TNF_PROTOCOL,    model.arena_bytes,
                                              model.layers,    clock_hz,
                                              TNF_CHUNK_BYTES, session->heartbeat_ms};

    begin_reply(session, TNF_MESSAGE_HELLO_REPLY, COUNT_OF(keys) + 12);
    put_figures(session, keys, figures, COUNT_OF(keys));
    put_text(session, TNF_KEY_TOOL_VERSION, config->tool_version);
    put_text(session, TNF_KEY_BOARD, config->board);
    put_text(session, TNF_KEY_MODEL, model.name);
    put_text(session, TNF_KEY_BUILD_ID, config->build_id);
    put_text(session, TNF_KEY_COUNTER_UNIT, config->counter_unit);
    put_bytes(session, TNF_KEY_MODEL_SHA256, model.sha256, sizeof model.sha256);
    put_uint(session, TNF_KEY_INPUT_BYTES, model.input_bytes);
    put_tensor(session, model.inputs, TNF_KEY_INPUT_SCALE, TNF_KEY_INPUT_ZERO_POINT);
    put_uint(session, TNF_KEY_OUTPUT_BYTES, model.output_bytes);
    put_tensor(session, model.outputs, TNF_KEY_OUTPUT_SCALE, TNF_KEY_OUTPUT_ZERO_POINT);
    end(session);
}

void tnf_send_telemetry(tnf_session_t *session, bool asked)
{
    const tnf_telemetry_t *telemetry = &session->telemetry;
    const TNF_FLASH tnf_model_t *model = session->config->model;
    uint32_t classes = tnf_tensor_values(model->outputs);
    uint32_t first = 0;
    uint32_t last = TNF_HISTOGRAM_BUCKETS;
    tnf_port_health_t health;

    classes = classes < TNF_CLASSES ? classes : TNF_CLASSES;
    tnf_port_health(&health);
    while (last > 0 && telemetry->histogram[last - 1] == 0) {
        --last;
    }
    while (first < last && telemetry->histogram[first] == 0) {
        ++first;
    }
    static const TNF_FLASH uint8_t keys[] = {
        TNF_KEY_INFERENCES,       TNF_KEY_COUNT,           TNF_KEY_COUNT_MIN,
        TNF_KEY_COUNT_MAX,        TNF_KEY_DEADLINE,        TNF_KEY_DEADLINE_MISSES,
        TNF_KEY_CLASS_OTHER,      TNF_KEY_ARENA_BYTES,     TNF_KEY_STACK_BYTES,
        TNF_KEY_STACK_USED_BYTES, TNF_KEY_HEAP_FREE_BYTES, TNF_KEY_RESET_REASON,
        TNF_KEY_UPTIME_MS,        TNF_KEY_FRAMES_DAMAGED,  TNF_KEY_HISTOGRAM_FIRST,
    };
    const uint32_t figures[COUNT_OF(keys)] = {
        telemetry->inferences,    telemetry->last,         telemetry->min,
        telemetry->max,           telemetry->deadline,     telemetry->deadline_misses,
        telemetry->classes_other, model->arena_bytes,      health.stack_bytes,
        health.stack_used_bytes,  health.heap_free_bytes,  health.reset_reason,
        health.uptime_ms,         session->frames_damaged, first,
    };
    uint32_t fields = COUNT_OF(keys) + 3;
    if (asked) {
        begin_reply(session, TNF_MESSAGE_TELEMETRY_REPLY, fields);
    } else {
        begin(session, TNF_MESSAGE_TELEMETRY_REPLY, fields);
    }
    put_figures(session, keys, figures, COUNT_OF(keys));
    put_key(session, TNF_KEY_COUNT_TOTAL);
    tnf_cbor_uint64(&session->writer, telemetry->total);
    put_array(session, TNF_KEY_HISTOGRAM, telemetry->histogram + first, last - first);
    put_array(session, TNF_KEY_CLASS_COUNTS, telemetry->classes, classes);
    end(session);
}

void tnf_session_log(tnf_session_t *session, tnf_log_level_t level, const char *text)
{
    begin(session, TNF_MESSAGE_LOG, 2);
    put_uint(session, TNF_KEY_LEVEL, (uint32_t)level);
    put_text(session, TNF_KEY_TEXT, text);
    end(session);
}
