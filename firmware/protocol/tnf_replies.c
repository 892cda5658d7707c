#include "tnf_replies.h"

#include "tnf_cbor.h"
#include "tnf_port.h"
#include "tnf_tensor.h"

/* ---- messages from rows ---- */

const void *tnf_row_value(const tnf_session_t *session, const TNF_FLASH tnf_row_t *row,
                          const void *facts)
{
    uint32_t place = row->what & ~TNF_KIND_BITS;
    const uint8_t *begin = place == TNF_IN_FACTS    ? facts
                           : place == TNF_IN_CONFIG ? (const void *)session->config
                                                    : (const void *)session;
    return begin + row->at;
}

/* Up to TNF_CHUNK_BYTES of all outputs of the last inference. */
static void put_output(tnf_session_t *session, uint32_t offset)
{
    const TNF_FLASH tnf_model_t *model = session->config->model;
    uint32_t left = model->output_bytes - offset;
    left = left < TNF_CHUNK_BYTES ? left : TNF_CHUNK_BYTES;
    tnf_cbor_head(&session->writer, TNF_CBOR_BYTES, left);
    while (left > 0) {
        uint32_t place;
        uint32_t run = tnf_tensor_run(model->outputs, offset, &place);
        run = run < left ? run : left;
        tnf_frame_put(&session->writer, session->config->arena + place, (size_t)run);
        offset += run;
        left -= run;
    }
}

static void put_array(tnf_frame_writer_t *writer, const tnf_span_t *span)
{
    const uint32_t *values = span->data;
    tnf_cbor_head(writer, TNF_CBOR_ARRAY, span->size);
    for (uint32_t i = 0; i < span->size; ++i) {
        tnf_cbor_head(writer, TNF_CBOR_UINT, values[i]);
    }
}

static void put_value(tnf_session_t *session, const TNF_FLASH tnf_row_t *row, const void *value)
{
    tnf_frame_writer_t *writer = &session->writer;
    const tnf_span_t *span = value;
    switch (row->what & TNF_KIND_BITS) {
    case TNF_IS_CONSTANT:
        tnf_cbor_head(writer, TNF_CBOR_UINT, row->at);
        break;
    case TNF_IS_UINT:
        tnf_cbor_head(writer, TNF_CBOR_UINT, *(const uint32_t *)value);
        break;
    case TNF_IS_UINT64:
        tnf_cbor_uint64(writer, *(const uint64_t *)value);
        break;
    case TNF_IS_INT:
        tnf_cbor_int(writer, *(const int32_t *)value);
        break;
    case TNF_IS_FLOAT:
        tnf_cbor_float(writer, *(const float *)value);
        break;
    case TNF_IS_TEXT:
        tnf_cbor_text(writer, *(const char *const *)value);
        break;
    case TNF_IS_BYTES:
        tnf_cbor_bytes(writer, span->data, (size_t)span->size);
        break;
    case TNF_IS_UINTS:
        put_array(writer, span);
        break;
    default: /* TNF_IS_OUTPUT */
        put_output(session, *(const uint32_t *)value);
        break;
    }
}

bool tnf_send(tnf_session_t *session, const TNF_FLASH tnf_row_t *rows, size_t count,
              const void *facts)
{
    tnf_frame_begin(&session->writer);
    tnf_cbor_head(&session->writer, TNF_CBOR_MAP, (uint32_t)count - session->unasked);
    for (const TNF_FLASH tnf_row_t *row = rows; row < rows + count; ++row) {
        if (row->key == TNF_KEY_SEQUENCE && session->unasked != 0) {
            continue;
        }
        tnf_cbor_head(&session->writer, TNF_CBOR_UINT, row->key);
        put_value(session, row, tnf_row_value(session, row, facts));
    }
    return tnf_frame_end(&session->writer);
}

const int8_t *tnf_session_output(const tnf_session_t *session)
{
    return session->config->arena + session->config->model->outputs->arena_offset;
}

/* ---- the messages ---- */

static const TNF_FLASH tnf_row_t status_rows[] = {
    TNF_ROWS_REPLY(STATUS_REPLY),
    TNF_ROW_SESSION(STATUS, status),
    TNF_ROW_SESSION(BYTES, input_bytes),
    TNF_ROW_SESSION(CRC32, input_crc32),
};

void tnf_send_status(tnf_session_t *session)
{
    (void)tnf_send(session, status_rows, TNF_ROWS(status_rows), NULL);
}

static const TNF_FLASH tnf_row_t damaged_rows[] = {
    TNF_ROW_CONSTANT(TYPE, TNF_MESSAGE_STATUS_REPLY),
    TNF_ROW_CONSTANT(STATUS, TNF_BAD_FRAME),
};

void tnf_send_damaged(tnf_session_t *session)
{
    (void)tnf_send(session, damaged_rows, TNF_ROWS(damaged_rows), NULL);
}

/* What chunks are made of. */
typedef struct facts_of_chunk {
    uint32_t offset;
    uint32_t all;
    tnf_span_t data;
} facts_of_chunk_t;

static const TNF_FLASH tnf_row_t output_rows[] = {
    TNF_ROWS_REPLY(CHUNK),
    TNF_ROW_FACT(OFFSET, facts_of_chunk_t, offset),
    TNF_ROW_FACT(BYTES, facts_of_chunk_t, all),
    TNF_ROW_OUTPUT(facts_of_chunk_t, offset),
};

static const TNF_FLASH tnf_row_t chunk_rows[] = {
    TNF_ROWS_REPLY(CHUNK),
    TNF_ROW_FACT(OFFSET, facts_of_chunk_t, offset),
    TNF_ROW_FACT(BYTES, facts_of_chunk_t, all),
    TNF_ROW_FACT(DATA, facts_of_chunk_t, data),
};

static const TNF_FLASH tnf_row_t result_rows[] = {
    TNF_ROWS_REPLY(RESULT),
    TNF_ROW_SESSION(COUNT, count),
    TNF_ROW_FACT(BYTES, facts_of_chunk_t, all),
    TNF_ROW_OUTPUT(facts_of_chunk_t, offset),
    TNF_ROW_SESSION(STEPS, steps), /* of a model that keeps something */
};

void tnf_send_output(tnf_session_t *session, uint32_t offset)
{
    const facts_of_chunk_t facts = {offset, session->config->model->output_bytes, {NULL, 0}};
    (void)tnf_send(session, output_rows, TNF_ROWS(output_rows), &facts);
}

void tnf_send_chunk(tnf_session_t *session, uint32_t all, uint32_t offset, const int8_t *data,
                    size_t bytes)
{
    const facts_of_chunk_t facts = {offset, all, {data, (uint32_t)bytes}};
    (void)tnf_send(session, chunk_rows, TNF_ROWS(chunk_rows), &facts);
}

void tnf_send_result(tnf_session_t *session)
{
    const TNF_FLASH tnf_model_t *model = session->config->model;
    const facts_of_chunk_t facts = {0, model->output_bytes, {NULL, 0}};
    (void)tnf_send(session, result_rows,
                   model->reset != NULL ? TNF_ROWS(result_rows) : TNF_ROWS(result_rows) - 1,
                   &facts);
}

typedef struct facts_of_layer {
    uint32_t index;
    uint32_t bytes;
    uint32_t crc32;
    uint32_t count;
} facts_of_layer_t;

static const TNF_FLASH tnf_row_t layer_rows[] = {
    TNF_ROWS_REPLY(LAYER),
    TNF_ROW_FACT(LAYER, facts_of_layer_t, index),
    TNF_ROW_FACT(BYTES, facts_of_layer_t, bytes),
    TNF_ROW_FACT(CRC32, facts_of_layer_t, crc32),
    TNF_ROW_FACT(COUNT, facts_of_layer_t, count),
};

void tnf_send_layer(tnf_session_t *session, uint32_t index, uint32_t bytes, uint32_t crc32,
                    uint32_t count)
{
    const facts_of_layer_t facts = {index, bytes, crc32, count};
    (void)tnf_send(session, layer_rows, TNF_ROWS(layer_rows), &facts);
}

/* What is in flash comes as copies: a row points to ordinary memory. */
typedef struct facts_of_hello {
    tnf_model_t model;
    tnf_tensor_t input;
    tnf_tensor_t output;
    tnf_port_health_t health;
    tnf_span_t sha256;
} facts_of_hello_t;

static const TNF_FLASH tnf_row_t hello_rows[] = {
    TNF_ROWS_REPLY(HELLO_REPLY),
    TNF_ROW_SESSION(PROTOCOL, protocol),
    TNF_ROW_FACT(ARENA_BYTES, facts_of_hello_t, model.arena_bytes),
    TNF_ROW_FACT(LAYERS, facts_of_hello_t, model.layers),
    TNF_ROW_FACT(CLOCK_HZ, facts_of_hello_t, health.clock_hz),
    TNF_ROW_CONSTANT(CHUNK_BYTES, TNF_CHUNK_BYTES),
    TNF_ROW_SESSION(HEARTBEAT_MS, heartbeat_ms),
    TNF_ROW_CONFIG(TOOL_VERSION, tool_version),
    TNF_ROW_CONFIG(BOARD, board),
    TNF_ROW_FACT(MODEL, facts_of_hello_t, model.name),
    TNF_ROW_CONFIG(BUILD_ID, build_id),
    TNF_ROW_CONFIG(COUNTER_UNIT, counter_unit),
    TNF_ROW_FACT(MODEL_SHA256, facts_of_hello_t, sha256),
    TNF_ROW_FACT(INPUT_BYTES, facts_of_hello_t, model.input_bytes),
    TNF_ROW_FACT(INPUT_SCALE, facts_of_hello_t, input.scale),
    TNF_ROW_FACT(INPUT_ZERO_POINT, facts_of_hello_t, input.zero_point),
    TNF_ROW_FACT(OUTPUT_BYTES, facts_of_hello_t, model.output_bytes),
    TNF_ROW_FACT(OUTPUT_SCALE, facts_of_hello_t, output.scale),
    TNF_ROW_FACT(OUTPUT_ZERO_POINT, facts_of_hello_t, output.zero_point),
    TNF_ROW_CONSTANT(PROTOCOL_LOWEST, TNF_PROTOCOL_LOWEST),
    TNF_ROW_SESSION(CAPTURE, capture),
};

void tnf_send_hello(tnf_session_t *session)
{
    const tnf_session_config_t *config = session->config;
    facts_of_hello_t facts;
    facts.model = *config->model;
    facts.input = *facts.model.inputs;
    facts.output = *facts.model.outputs;
    facts.sha256.data = facts.model.sha256;
    facts.sha256.size = sizeof facts.model.sha256;
    tnf_port_health(&facts.health);
    if (facts.health.clock_hz == 0) {
        facts.health.clock_hz = config->clock_hz;
    }
    (void)tnf_send(session, hello_rows, TNF_ROWS(hello_rows), &facts);
}

typedef struct facts_of_telemetry {
    tnf_port_health_t health;
    uint32_t arena_bytes;
    uint32_t first; /* bucket of the histogram that is told */
    tnf_span_t histogram;
    tnf_span_t classes;
    tnf_span_t confidence;
    tnf_span_t sketches;
    tnf_span_t edges;
    tnf_reference_t reference; /* all below is there where the firmware has one */
} facts_of_telemetry_t;

static const TNF_FLASH tnf_row_t telemetry_rows[] = {
    TNF_ROWS_REPLY(TELEMETRY_REPLY),
    TNF_ROW_SESSION(INFERENCES, telemetry.inferences),
    TNF_ROW_SESSION(COUNT, telemetry.last),
    TNF_ROW_SESSION(COUNT_MIN, telemetry.min),
    TNF_ROW_SESSION(COUNT_MAX, telemetry.max),
    TNF_ROW_SESSION(DEADLINE, telemetry.deadline),
    TNF_ROW_SESSION(DEADLINE_MISSES, telemetry.deadline_misses),
    TNF_ROW_SESSION(CLASS_OTHER, telemetry.classes_other),
    TNF_ROW_FACT(ARENA_BYTES, facts_of_telemetry_t, arena_bytes),
    TNF_ROW_FACT(STACK_BYTES, facts_of_telemetry_t, health.stack_bytes),
    TNF_ROW_FACT(STACK_USED_BYTES, facts_of_telemetry_t, health.stack_used_bytes),
    TNF_ROW_FACT(HEAP_FREE_BYTES, facts_of_telemetry_t, health.heap_free_bytes),
    TNF_ROW_FACT(RESET_REASON, facts_of_telemetry_t, health.reset_reason),
    TNF_ROW_FACT(UPTIME_MS, facts_of_telemetry_t, health.uptime_ms),
    TNF_ROW_SESSION(FRAMES_DAMAGED, frames_damaged),
    TNF_ROW_FACT(HISTOGRAM_FIRST, facts_of_telemetry_t, first),
    TNF_ROW_SESSION(COUNT_TOTAL, telemetry.total),
    TNF_ROW_FACT(HISTOGRAM, facts_of_telemetry_t, histogram),
    TNF_ROW_FACT(CLASS_COUNTS, facts_of_telemetry_t, classes),
    TNF_ROW_FACT(CONFIDENCE, facts_of_telemetry_t, confidence),
    TNF_ROW_FACT(SKETCH_STATES, facts_of_telemetry_t, sketches),
    TNF_ROW_FACT(SKETCH_EDGES, facts_of_telemetry_t, edges),
    TNF_ROW_FACT(SKETCH_SCALE, facts_of_telemetry_t, reference.scale),
    TNF_ROW_FACT(SKETCH_ZERO, facts_of_telemetry_t, reference.zero),
    TNF_ROW_FACT(DRIFT_WINDOW, facts_of_telemetry_t, reference.window),
    TNF_ROW_SESSION(DRIFT_WINDOWS, telemetry.drift.windows),
    TNF_ROW_SESSION(DRIFT_ALARMS, telemetry.drift.alarms),
    TNF_ROW_SESSION(DRIFT_INPUT, telemetry.drift.input_score),
    TNF_ROW_FACT(DRIFT_INPUT_LIMIT, facts_of_telemetry_t, reference.input_limit),
    TNF_ROW_SESSION(DRIFT_OUTPUT, telemetry.drift.output_score),
    TNF_ROW_FACT(DRIFT_OUTPUT_LIMIT, facts_of_telemetry_t, reference.output_limit),
};

/* The rows of what only a firmware with a reference knows. */
#define REFERENCE_ROWS 12

void tnf_send_telemetry(tnf_session_t *session, bool asked)
{
    const tnf_telemetry_t *telemetry = &session->telemetry;
    const TNF_FLASH tnf_model_t *model = session->config->model;
    uint32_t classes = tnf_tensor_values(model->outputs);
    uint32_t last = TNF_HISTOGRAM_BUCKETS;
    facts_of_telemetry_t facts;
    while (last > 0 && telemetry->histogram[last - 1] == 0) {
        --last;
    }
    facts.first = 0;
    while (facts.first < last && telemetry->histogram[facts.first] == 0) {
        ++facts.first;
    }
    facts.histogram.data = telemetry->histogram + facts.first;
    facts.histogram.size = last - facts.first;
    facts.classes.data = telemetry->classes;
    facts.classes.size = classes < TNF_CLASSES ? classes : TNF_CLASSES;
    size_t rows = TNF_ROWS(telemetry_rows) - REFERENCE_ROWS;
    if (session->config->reference != NULL) {
        facts.reference = *session->config->reference;
        facts.confidence.data = telemetry->confidence;
        facts.confidence.size = TNF_CONFIDENCE_BINS;
        facts.sketches.data = telemetry->drift.sketches;
        facts.sketches.size = (uint32_t)sizeof(tnf_sketch_t) * facts.reference.sketches;
        facts.edges.data = facts.reference.edges;
        facts.edges.size = (uint32_t)sizeof facts.reference.edges[0] * facts.reference.sketches;
        rows += REFERENCE_ROWS;
    }
    facts.arena_bytes = model->arena_bytes;
    tnf_port_health(&facts.health);
    session->unasked = asked ? 0 : 1;
    (void)tnf_send(session, telemetry_rows, rows, &facts);
    session->unasked = 0;
}

typedef struct facts_of_log {
    uint32_t level;
    const char *text;
} facts_of_log_t;

static const TNF_FLASH tnf_row_t log_rows[] = {
    TNF_ROW_CONSTANT(TYPE, TNF_MESSAGE_LOG),
    TNF_ROW_FACT(LEVEL, facts_of_log_t, level),
    TNF_ROW_FACT(TEXT, facts_of_log_t, text),
};

bool tnf_session_log(tnf_session_t *session, tnf_log_level_t level, const char *text)
{
    const facts_of_log_t facts = {(uint32_t)level, text};
    bool fits = tnf_send(session, log_rows, TNF_ROWS(log_rows), &facts);
    (void)tnf_frame_drain(&session->writer);
    return fits;
}
