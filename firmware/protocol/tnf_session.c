#include "tnf_session.h"

#include <string.h>

#include "tnf_commands.h"
#include "tnf_crc32.h"
#include "tnf_port.h"
#include "tnf_replies.h"
#include "tnf_run.h"
#include "tnf_tensor.h"

/* Uptime is looked at once in so many polls: reading a clock costs more than a poll. */
#define CLOCK_POLLS 16

/* ---- requests ---- */

static tnf_status_t set_input(tnf_session_t *session, uint32_t offset, const tnf_request_t *request)
{
    const TNF_FLASH tnf_model_t *model = session->config->model;
    uint32_t size = request->value[TNF_KEY_DATA];
    const uint8_t *data = request->data;
    uint32_t set = session->input_bytes;
    if (offset == 0 && (set == 0 || session->sequence != session->input_sequence)) {
        set = 0;
        session->input_crc32 = 0;
        session->input_sequence = session->sequence;
    }
    session->input_bytes = set;
    if (offset < set && size <= set - offset) {
        return TNF_OK; /* a chunk that came before: several requests may be on their way */
    }
    if (offset != set || size > model->input_bytes - offset) {
        return TNF_BAD_FIELD; /* the reply says how much there is: the host goes on from there */
    }
    session->input_crc32 = tnf_crc32(session->input_crc32, data, (size_t)size);
    session->output_ready = false; /* the input may lie where the output was */
    session->input_bytes += size;
    tnf_tensor_write(model->inputs, session->config->arena, offset, data, (size_t)size);
    return TNF_OK;
}

static void configure(tnf_session_t *session, const tnf_request_t *request)
{
    if (tnf_request_has(request, TNF_KEY_HEARTBEAT_MS)) {
        session->heartbeat_ms = request->value[TNF_KEY_HEARTBEAT_MS];
        session->heartbeat_at_ms = tnf_port_uptime_ms();
    }
    if (tnf_request_has(request, TNF_KEY_DEADLINE)) {
        session->telemetry.deadline = request->value[TNF_KEY_DEADLINE];
    }
    if (request->value[TNF_KEY_STATE_RESET] != 0) {
        tnf_session_reset_state(session);
    }
}

static tnf_status_t run(tnf_session_t *session, const tnf_request_t *request)
{
    if (session->type == TNF_MESSAGE_DUMP &&
        request->value[TNF_KEY_LAYER] >= session->config->model->layers) {
        return TNF_BAD_FIELD;
    }
    if (tnf_request_has(request, TNF_KEY_DATA) && set_input(session, 0, request) != TNF_OK) {
        return TNF_BAD_FIELD;
    }
    if (session->input_bytes != session->config->model->input_bytes) {
        return TNF_NO_INPUT;
    }
    if (session->type == TNF_MESSAGE_INFER) {
        tnf_run_inference(session, request);
    } else {
        tnf_run_observed(session, request);
    }
    session->output_told = true;
    return TNF_OK;
}

/* Does what the request asks, once. What it sends on the way is not sent again when the request is
 * repeated: its result is, and the host sees what it lacks. */
static __attribute__((noinline)) tnf_status_t carry_out(tnf_session_t *session,
                                                        const tnf_request_t *request)
{
    const tnf_session_part_t *sensor = session->config->sensor;
    uint32_t offset = request->value[TNF_KEY_OFFSET];
    uint32_t speaks;
    switch (session->type) {
    case TNF_MESSAGE_HELLO:
        speaks = tnf_request_has(request, TNF_KEY_SPEAKS) ? request->value[TNF_KEY_SPEAKS] : 1;
        session->protocol =
            speaks >= TNF_PROTOCOL_LOWEST && speaks < TNF_PROTOCOL ? speaks : TNF_PROTOCOL;
        return TNF_OK;
    case TNF_MESSAGE_INPUT:
        return set_input(session, offset, request);
    case TNF_MESSAGE_INFER:
    case TNF_MESSAGE_LAYERS:
    case TNF_MESSAGE_DUMP:
        return run(session, request);
    case TNF_MESSAGE_OUTPUT:
        if (!session->output_ready || !session->output_told) {
            return TNF_NO_OUTPUT; /* or it is one of the application's, that nobody asked for */
        }
        return offset < session->config->model->output_bytes ? TNF_OK : TNF_BAD_FIELD;
    case TNF_MESSAGE_CONFIGURE:
        configure(session, request);
        return TNF_OK;
    case TNF_MESSAGE_RESET:
        /* As soon as the answer is gone: there is no after, unless the board cannot do it. */
        session->waits = request->value[TNF_KEY_BOOTLOADER] != 0 ? TNF_A_BOOTLOADER : TNF_A_RESTART;
        return TNF_OK;
    case TNF_MESSAGE_SENSOR:
    case TNF_MESSAGE_SAMPLES:
    case TNF_MESSAGE_CAPTURE:
        return sensor != NULL ? sensor->take(sensor->context, request) : TNF_UNSUPPORTED;
    default:
        return TNF_OK;
    }
}

#define MESSAGE_BIT(name) (1u << TNF_MESSAGE_##name)
#define OUTPUTS (MESSAGE_BIT(INFER) | MESSAGE_BIT(LAYERS) | MESSAGE_BIT(DUMP) | MESSAGE_BIT(OUTPUT))
#define SENSORS (MESSAGE_BIT(SENSOR) | MESSAGE_BIT(SAMPLES) | MESSAGE_BIT(CAPTURE))

static void answer(tnf_session_t *session, const tnf_request_t *request)
{
    const tnf_session_part_t *sensor = session->config->sensor;
    uint32_t bit = session->status == TNF_OK ? 1u << session->type : 0u; /* known, hence below 32 */
    if ((bit & OUTPUTS) != 0) {
        uint32_t offset = request->value[TNF_KEY_OFFSET];
        tnf_send_output(session, bit == MESSAGE_BIT(OUTPUT) ? offset : 0);
    } else if ((bit & SENSORS) != 0) {
        sensor->answer(sensor->context);
    } else if (bit == MESSAGE_BIT(HELLO)) {
        tnf_send_hello(session);
    } else if (bit == MESSAGE_BIT(TELEMETRY)) {
        tnf_send_telemetry(session, true);
    } else {
        tnf_send_status(session);
    }
}

static void take_request(tnf_session_t *session)
{
    tnf_request_t request;
    tnf_status_t status =
        tnf_request_parse(session->reader.payload, session->reader.size, &request);
    uint32_t type = request.value[TNF_KEY_TYPE];
    uint32_t sequence = request.value[TNF_KEY_SEQUENCE];
    bool repeated = session->answered && sequence == session->sequence && type == session->type;

    session->type = type;
    session->sequence = sequence;
    if (status == TNF_OK) {
        status = repeated ? (tnf_status_t)session->status : carry_out(session, &request);
    } else {
        session->type = 0; /* no other is a repetition of it */
    }
    session->status = status;
    session->answered = true;
    answer(session, &request);
}

/* ---- the loop ---- */

void tnf_session_init(tnf_session_t *session, const tnf_session_config_t *config)
{
    memset(session, 0, sizeof *session);
    session->config = config;
    session->heartbeat_ms = config->heartbeat_ms;
    session->heartbeat_at_ms = tnf_port_uptime_ms();
    tnf_session_reset_state(session);
    session->writer.fill = 1; /* a 0x00: ends what a reset has cut off */
    tnf_commands_greet(session);
    (void)tnf_frame_drain(&session->writer);
}

static void take_byte(tnf_session_t *session, uint8_t byte)
{
    switch (tnf_frame_feed(&session->reader, byte)) {
    case TNF_FRAME_TEXT:
        if (tnf_console_feed(&session->console, &session->writer, byte) != NULL) {
            session->waits = TNF_A_LINE;
        }
        break;
    case TNF_FRAME_PART:
        tnf_console_reset(&session->console);
        break;
    case TNF_FRAME_READY:
        session->waits = TNF_A_REQUEST;
        break;
    case TNF_FRAME_DAMAGED:
        /* Tells the host at once, which then need not wait for an answer that will not come. */
        session->frames_damaged++;
        tnf_send_damaged(session);
        break;
    }
}

static void take_line(tnf_session_t *session)
{
    const tnf_console_part_t *console = session->config->console;
    const char *line = session->console.line;
    session->typed = true;
    if (console == NULL || !console->take(console->context, line)) {
        tnf_commands_take(session, line);
    }
}

static void restart(tnf_session_t *session, bool bootloader)
{
    session->status = tnf_port_reset(bootloader);
    if (session->typed) {
        tnf_console_text(&session->writer, "cannot\r\n");
    } else {
        tnf_send_status(session);
    }
}

/* Does what has waited until nothing is going out. */
static void take_turn(tnf_session_t *session)
{
    uint32_t waits = session->waits;
    session->waits = TNF_NOTHING;
    if (waits == TNF_A_REQUEST) {
        session->typed = false;
        take_request(session);
    } else if (waits == TNF_A_LINE) {
        take_line(session);
    } else {
        restart(session, waits == TNF_A_BOOTLOADER);
    }
}

static void look_at_clock(tnf_session_t *session)
{
    uint32_t now = tnf_port_uptime_ms();
    if (session->heard) {
        session->heard = false;
        session->heard_at_ms = now;
    }
    if (session->heartbeat_ms != 0 && !session->typed &&
        now - session->heartbeat_at_ms >= session->heartbeat_ms) {
        session->heartbeat_at_ms = now;
        if (session->writer.fill == 0) {
            tnf_send_telemetry(session, false);
        }
    }
}

void tnf_session_poll(tnf_session_t *session)
{
    bool more = session->read_at < session->read_size;
    size_t size = tnf_port_read(session->read_bytes, more ? 0 : TNF_READ_BYTES);
    if (size > 0) {
        session->heard = true;
        session->read_at = 0;
        session->read_size = (uint32_t)size;
    }
    for (;;) {
        bool free = tnf_frame_drain(&session->writer);
        if (session->waits != TNF_NOTHING) {
            if (!free) {
                break;
            }
            take_turn(session);
        } else if (session->read_at < session->read_size) {
            take_byte(session, session->read_bytes[session->read_at++]);
        } else {
            break;
        }
    }
    if (++session->polls % CLOCK_POLLS == 0) {
        look_at_clock(session);
    }
}
