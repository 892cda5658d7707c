#include "tnf_replies.h"

#include "tnf_cbor.h"
#include "tnf_port.h"
#include "tnf_tensor.h"

/* ---- messages from rows ---- */

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

/* Of at most TNF_TEXT_BYTES; a longer text is cut before a character of UTF-8. */
static uint32_t text_size(const char *text)
{
    uint32_t size = 0;
    while (size < TNF_TEXT_BYTES && text[size] != '\0') {
        ++size;
    }
    while (size > 0 && (text[size] & 0xc0) == 0x80) {
        --size;
    }
    return size;
}

static void put_value(tnf_session_t *session, const TNF_FLASH tnf_row_t *row, const void *value)
{
    tnf_frame_writer_t *writer = &session->writer;
    uint32_t major = TNF_CBOR_UINT;
    uint32_t number = row->at;
    const void *bytes = NULL;
    const tnf_span_t *span = value;
    const uint32_t *numbers = value;
    uint32_t size;
    switch (row->what % TNF_KINDS) {
    case TNF_IS_CONSTANT:
        break;
    case TNF_IS_INT:
        number = *(const uint32_t *)value;
        if (number > INT32_MAX) { /* a negative one is written as -1 - value */
            major = TNF_CBOR_NEGATIVE;
            number = ~number;
        }
        break;
    case TNF_IS_TEXT:
        major = TNF_CBOR_TEXT;
        bytes = *(const char *const *)value;
        number = text_size(bytes);
        break;
    case TNF_IS_BYTES:
        major = TNF_CBOR_BYTES;
        bytes = span->data;
        number = span->size;
        break;
    case TNF_IS_FLOAT:
        tnf_cbor_put(writer, TNF_CBOR_FLOAT, value, sizeof(float));
        return;
    case TNF_IS_UINT64:
        if (numbers[1] != 0) { /* the higher half */
            tnf_cbor_put(writer, TNF_CBOR_UINT64, value, sizeof(uint64_t));
            return;
        }
        number = numbers[0];
        break;
    case TNF_IS_UINT:
        number = numbers[0];
        break;
    case TNF_IS_UINTS:
        numbers = span->data;
        tnf_cbor_head(writer, TNF_CBOR_ARRAY, span->size);
        for (size = span->size; size > 0; --size) {
            tnf_cbor_head(writer, TNF_CBOR_UINT, *numbers++);
        }
        return;
    default: /* TNF_IS_OUTPUT */
        put_output(session, *(const uint32_t *)value);
        return;
    }
    tnf_cbor_head(writer, major, number);
    if (bytes != NULL) {
        tnf_frame_put(writer, bytes, (size_t)number);
    }
}

bool tnf_send(tnf_session_t *session, const TNF_FLASH tnf_row_t *rows, size_t count,
              const void *facts)
{
    const void *const places[] = {session, session->config, facts};
    tnf_frame_begin(&session->writer);
    tnf_cbor_head(&session->writer, TNF_CBOR_MAP, (uint32_t)count - session->unasked);
    for (const TNF_FLASH tnf_row_t *row = rows; row < rows + count; ++row) {
        if (row->key == TNF_KEY_SEQUENCE && session->unasked != 0) {
            continue;
        }
        tnf_cbor_head(&session->writer, TNF_CBOR_UINT, row->key);
        put_value(session, row, (const uint8_t *)places[row->what / TNF_KINDS] + row->at);
    }
    return tnf_frame_end(&session->writer);
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

/* The output from an offset on. */
typedef struct facts_of_output {
    uint32_t offset;
    uint32_t all;
} facts_of_output_t;

static const TNF_FLASH tnf_row_t chunk_rows[] = {
    TNF_ROWS_REPLY(CHUNK),
    TNF_ROW_FACT(OFFSET, facts_of_output_t, offset),
    TNF_ROW_FACT(BYTES, facts_of_output_t, all),
    TNF_ROW_OUTPUT(facts_of_output_t, offset),
};

static const TNF_FLASH tnf_row_t result_rows[] = {
    TNF_ROWS_REPLY(RESULT),
    TNF_ROW_SESSION(COUNT, count),
    TNF_ROW_FACT(BYTES, facts_of_output_t, all),
    TNF_ROW_OUTPUT(facts_of_output_t, offset),
    TNF_ROW_SESSION(STEPS, steps), /* of a model that keeps something */
};

void tnf_send_output(tnf_session_t *session, uint32_t offset)
{
    const TNF_FLASH tnf_model_t *model = session->config->model;
    const facts_of_output_t facts = {offset, model->output_bytes};
    const TNF_FLASH tnf_row_t *rows = chunk_rows;
    size_t count = TNF_ROWS(chunk_rows);
    if (session->type != TNF_MESSAGE_OUTPUT) {
        rows = result_rows;
        count = TNF_ROWS(result_rows) - (model->reset != NULL ? 0 : 1);
    }
    (void)tnf_send(session, rows, count, &facts);
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
