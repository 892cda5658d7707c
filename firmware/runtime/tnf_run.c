/* What a session does with its model: runs it, counts it and takes note of it. */
#include "tnf_run.h"

#include "tnf_crc32.h"
#include "tnf_port.h"
#include "tnf_replies.h"

/* ---- counting ---- */

/* ticks * multiply / divide, rounded, without 64-bit division; UINT32_MAX where it is more. */
static uint32_t scaled(const tnf_session_config_t *config, uint32_t ticks)
{
    uint32_t multiply = config->counter_multiply;
    uint32_t divide = config->counter_divide;
    uint32_t whole = ticks / divide;
    uint32_t rest = (ticks % divide * multiply + divide / 2) / divide;
    if (whole > (UINT32_MAX - rest) / multiply) {
        return UINT32_MAX;
    }
    return whole * multiply + rest;
}

/* ---- inferences ---- */

const int8_t *tnf_session_output(const tnf_session_t *session)
{
    return session->config->arena + session->config->model->outputs->arena_offset;
}

/* The arena is somebody else's: it holds neither what the host has set nor what was told last. */
static void forget_input(tnf_session_t *session)
{
    session->input_bytes = 0;
    session->input_crc32 = 0;
    session->answered = false;
    session->output_told = false;
}

int8_t *tnf_session_input(tnf_session_t *session)
{
    forget_input(session);
    session->output_ready = false; /* the input may lie where the output was */
    return session->config->arena + session->config->model->inputs->arena_offset;
}

void tnf_session_reset_state(tnf_session_t *session)
{
    const tnf_session_config_t *config = session->config;
    if (config->model->reset != NULL) {
        config->model->reset(config->arena);
    }
    session->steps = 0;
}

void tnf_session_invoke(tnf_session_t *session)
{
    forget_input(session); /* it may be overwritten */
    session->config->model->invoke(session->config->arena, NULL);
    session->steps++;
    session->output_ready = true;
}

uint32_t tnf_session_infer(tnf_session_t *session)
{
    const TNF_FLASH tnf_model_t *model = session->config->model;
    forget_input(session); /* it may be overwritten */
    tnf_telemetry_input(&session->telemetry, session->config->reference, model->inputs,
                        session->config->arena);
    uint32_t began = tnf_port_counter();
    model->invoke(session->config->arena, NULL);
    session->steps++;
    uint32_t count = scaled(session->config, tnf_port_counter() - began);
    session->output_ready = true;
    tnf_telemetry_record(&session->telemetry, session->config->reference, count, model->outputs,
                         tnf_session_output(session));
    return count;
}

void tnf_run_inference(tnf_session_t *session, const tnf_request_t *request)
{
    if (request->value[TNF_KEY_STATE_RESET] != 0 || !session->output_told) {
        tnf_session_reset_state(session);
    }
    session->count = tnf_session_infer(session);
}

/* ---- layer by layer ---- */

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

typedef struct facts_of_chunk {
    uint32_t offset;
    uint32_t all;
    tnf_span_t data;
} facts_of_chunk_t;

static const TNF_FLASH tnf_row_t chunk_rows[] = {
    TNF_ROWS_REPLY(CHUNK),
    TNF_ROW_FACT(OFFSET, facts_of_chunk_t, offset),
    TNF_ROW_FACT(BYTES, facts_of_chunk_t, all),
    TNF_ROW_FACT(DATA, facts_of_chunk_t, data),
};

/* Waits until it is gone: the next ones would have no room, and while it goes out nothing is
 * measured. */
static void tell(tnf_session_t *session, const TNF_FLASH tnf_row_t *rows, size_t count,
                 const void *facts)
{
    (void)tnf_send(session, rows, count, facts);
    tnf_frame_flush(&session->writer);
}

/* Sums up a layer's parts and sends its checksum and count after the last. The counter is read
 * first and last, so that only the layer is counted; each part's ticks are scaled on their own,
 * for a sum of many would lose what each is off by. The counts are those of a run of its own and
 * go into no telemetry. */
static void on_part(void *context, const tnf_part_t *part)
{
    tnf_session_t *session = context;
    uint32_t ticks = tnf_port_counter() - session->mark;
    uint32_t count = scaled(session->config, ticks);
    session->count += count;
    tnf_open_layer_t *layer = &session->open_layers[part->layer % TNF_OPEN_LAYERS];
    if (part->offset == 0) {
        layer->count = 0;
        layer->crc32 = 0;
    }
    layer->count += count;
    if (part->layer >= session->asked->value[TNF_KEY_LAYER]) {
        layer->crc32 = tnf_crc32(layer->crc32, part->data, part->bytes);
        if (part->offset + part->bytes == part->layer_bytes) {
            const facts_of_layer_t facts = {part->layer, part->layer_bytes, layer->crc32,
                                            layer->count};
            tell(session, layer_rows, TNF_ROWS(layer_rows), &facts);
        }
    }
    session->mark = tnf_port_counter();
}

/* Sends what is asked of one layer's output while it is in the arena. */
static void on_dump(void *context, const tnf_part_t *part)
{
    tnf_session_t *session = context;
    uint32_t asked = session->asked->value[TNF_KEY_OFFSET];
    if (part->layer != session->asked->value[TNF_KEY_LAYER]) {
        return;
    }
    uint32_t at = asked > part->offset ? asked - part->offset : 0; /* size_t may have 16 bits */
    for (; at < part->bytes; at += TNF_CHUNK_BYTES) {
        uint32_t left = (uint32_t)part->bytes - at;
        left = left < TNF_CHUNK_BYTES ? left : TNF_CHUNK_BYTES;
        const facts_of_chunk_t facts = {
            part->offset + at, part->layer_bytes, {part->data + at, left}};
        tell(session, chunk_rows, TNF_ROWS(chunk_rows), &facts);
    }
}

void tnf_run_observed(tnf_session_t *session, const tnf_request_t *request)
{
    const tnf_observer_t observer = {session->type == TNF_MESSAGE_LAYERS ? on_part : on_dump,
                                     session};
    session->asked = request;
    forget_input(session);
    session->count = 0;
    tnf_session_reset_state(session);
    session->mark = tnf_port_counter();
    session->config->model->invoke(session->config->arena, &observer);
    tnf_session_reset_state(session);
    session->output_ready = true;
}
