#include "tnf_capture.h"

#include <string.h>

#include "tnf_crc32.h"
#include "tnf_port.h"
#include "tnf_replies.h"

static tnf_session_t *session_of(const tnf_capture_t *capture)
{
    return capture->sensing->config->session;
}

static const int8_t *input_of(const tnf_session_t *session)
{
    return session->config->arena + session->config->model->inputs->arena_offset;
}

static uint32_t input_bytes(const tnf_capture_t *capture)
{
    return session_of(capture)->config->model->inputs->bytes;
}

/* Of the input as it lies in the arena now: whoever has used the model meanwhile has changed it. */
static uint32_t input_crc32(const tnf_capture_t *capture)
{
    const tnf_session_t *session = session_of(capture);
    return tnf_crc32(0, input_of(session), (size_t)session->config->model->inputs->bytes);
}

/* ---- consent ---- */

void tnf_capture_init(tnf_capture_t *capture, tnf_sensing_t *sensing, tnf_session_t *session,
                      uint32_t hold_ms, const tnf_console_part_t *next)
{
    memset(capture, 0, sizeof *capture);
    capture->sensing = sensing;
    capture->hold_ms = hold_ms;
    capture->next = next;
    session->capture = TNF_CAPTURE_OFF;
}

/* On the console. */
static void tell(tnf_session_t *session)
{
    bool on = session->capture == TNF_CAPTURE_ON;
    tnf_console_text(&session->writer, on ? "capture is on\r\n" : "capture is off\r\n");
}

void tnf_capture_allow(tnf_capture_t *capture, bool allowed)
{
    tnf_session_t *session = session_of(capture);
    uint32_t state = allowed ? TNF_CAPTURE_ON : TNF_CAPTURE_OFF;
    if (session->capture == state) {
        return;
    }
    session->capture = state;
    capture->past = tnf_ring_begun(&capture->sensing->ring);
    session->answered = false; /* nothing of before is told again */
    if (capture->step == TNF_CAPTURE_DONE) {
        session->output_told = false;
    }
    capture->step = TNF_CAPTURE_IDLE;
    (void)tnf_session_log(session, TNF_LOG_WARNING,
                          allowed ? "capture is on: raw samples may leave the board"
                                  : "capture is off");
    tell(session);
}

bool tnf_capture_line(void *context, const char *line)
{
    tnf_capture_t *capture = context;
    tnf_session_t *session = session_of(capture);
    uint32_t before = session->capture;
    if (strcmp(line, "capture on") == 0) {
        tnf_capture_allow(capture, true);
    } else if (strcmp(line, "capture off") == 0) {
        tnf_capture_allow(capture, false);
    } else if (strcmp(line, "capture") != 0) {
        return capture->next != NULL && capture->next->take(capture->next->context, line);
    }
    if (session->capture == before) {
        tell(session);
    }
    return true;
}

/* ---- sensing's side ---- */

bool tnf_capture_holds(void *context, bool prepared)
{
    tnf_capture_t *capture = context;
    if (prepared && capture->past > 0) {
        capture->past--;
        return false;
    }
    if (capture->step == TNF_CAPTURE_IDLE) {
        return false;
    }
    if (tnf_port_uptime_ms() - capture->asked_at_ms >= capture->hold_ms) {
        capture->step = TNF_CAPTURE_IDLE;
    } else if (prepared && capture->step == TNF_CAPTURE_WANTED) {
        capture->sample++;
        capture->count = 0;
        capture->crc32 = input_crc32(capture);
        capture->step = TNF_CAPTURE_HELD;
    }
    return capture->step == TNF_CAPTURE_HELD || capture->step == TNF_CAPTURE_DONE;
}

/* ---- requests ---- */

static tnf_status_t release(tnf_capture_t *capture, uint32_t sample)
{
    if (capture->step == TNF_CAPTURE_DONE && sample == capture->sample) {
        return session_of(capture)->output_ready ? TNF_OK : TNF_NO_SAMPLE;
    }
    if (capture->step != TNF_CAPTURE_HELD || sample != capture->sample) {
        capture->step = TNF_CAPTURE_IDLE; /* the host is done, or has another board in mind */
        return sample == 0 ? TNF_OK : TNF_NO_SAMPLE;
    }
    if (!capture->sensing->held || input_crc32(capture) != capture->crc32) {
        capture->step = TNF_CAPTURE_IDLE;
        return TNF_NO_SAMPLE;
    }
    capture->count = tnf_sensing_infer(capture->sensing);
    session_of(capture)->output_told = true;
    capture->step = TNF_CAPTURE_DONE;
    return TNF_OK;
}

tnf_status_t tnf_capture_take(void *context, const tnf_request_t *request)
{
    tnf_capture_t *capture = context;
    uint32_t offset = request->value[TNF_KEY_OFFSET];
    if (session_of(capture)->capture != TNF_CAPTURE_ON) {
        return TNF_NOT_ALLOWED;
    }
    capture->asked_at_ms = tnf_port_uptime_ms();
    if (tnf_request_has(request, TNF_KEY_RELEASE)) {
        return release(capture, request->value[TNF_KEY_RELEASE]);
    }
    if (capture->step == TNF_CAPTURE_HELD) {
        capture->offset = offset;
        return offset < input_bytes(capture) ? TNF_OK : TNF_BAD_FIELD;
    }
    if (offset == 0) {
        capture->step = TNF_CAPTURE_WANTED;
    }
    return TNF_NO_SAMPLE;
}

/* The last row tells a part of the input, or the output. */
typedef struct facts_of_capture {
    tnf_capture_t capture;
    uint32_t bytes;
    uint32_t dropped;
    uint32_t offset;
    uint32_t from; /* where the output begins that is told */
    tnf_span_t data;
} facts_of_capture_t;

#define ROWS_OF_EITHER                                                                             \
    TNF_ROWS_REPLY(CAPTURE_REPLY), TNF_ROW_FACT(SAMPLE, facts_of_capture_t, capture.sample),       \
        TNF_ROW_FACT(BYTES, facts_of_capture_t, bytes),                                            \
        TNF_ROW_FACT(CRC32, facts_of_capture_t, capture.crc32),                                    \
        TNF_ROW_FACT(COUNT, facts_of_capture_t, capture.count),                                    \
        TNF_ROW_FACT(WINDOWS_DROPPED, facts_of_capture_t, dropped),                                \
        TNF_ROW_FACT(OFFSET, facts_of_capture_t, offset)

static const TNF_FLASH tnf_row_t input_rows[] = {
    ROWS_OF_EITHER,
    TNF_ROW_FACT(DATA, facts_of_capture_t, data),
};
static const TNF_FLASH tnf_row_t output_rows[] = {
    ROWS_OF_EITHER,
    TNF_ROW_OUTPUT(facts_of_capture_t, from),
};

void tnf_capture_answer(void *context)
{
    const tnf_capture_t *capture = context;
    tnf_session_t *session = session_of(capture);
    facts_of_capture_t facts = {.capture = *capture, .dropped = capture->sensing->ring.dropped};
    if (capture->step == TNF_CAPTURE_DONE) {
        facts.bytes = session->config->model->output_bytes;
        (void)tnf_send(session, output_rows, TNF_ROWS(output_rows), &facts);
    } else if (capture->step == TNF_CAPTURE_HELD) {
        facts.bytes = input_bytes(capture);
        facts.offset = capture->offset;
        uint32_t left = facts.bytes - facts.offset;
        facts.data.data = input_of(session) + facts.offset;
        facts.data.size = left < TNF_CHUNK_BYTES ? left : TNF_CHUNK_BYTES;
        (void)tnf_send(session, input_rows, TNF_ROWS(input_rows), &facts);
    } else {
        tnf_send_status(session);
    }
}
