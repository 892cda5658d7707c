/** @file
 * The device's side of a session: takes requests from the console UART, runs the model and answers.
 *
 * @code
 * static TNF_ARENA(arena, DIGITS_ARENA_BYTES);
 * static tnf_session_t session;
 * tnf_port_init();
 * tnf_session_init(&session, &config);
 * for (;;) {
 *     tnf_session_poll(&session);
 * }
 * @endcode
 *
 * All state is in the caller's tnf_session_t, of constant size: one request that comes in, and one
 * buffer of what goes out, which tnf_session_poll hands to the port as the port takes it. Nothing
 * waits, with one exception: what is sent from inside an inference (LAYERS, DUMP), and console text
 * longer than the buffer, wait for room, for at most TNF_STALL_MS in which the port takes nothing;
 * then they are dropped. While a reply is going out no request is carried out; bytes are read until
 * a whole request waits, and the rest stays with the port. A heartbeat that is due while something
 * is going out is dropped, a log line without room as well.
 *
 * All functions of a session are for the main loop, or for one task: none may be called from an
 * ISR, nor while another runs on the same session. An ISR that receives feeds a ring, as
 * firmware/ports/bare/rx_ring.h is one, from which the port's tnf_port_read takes. Code without
 * state of a session may be called anywhere: tnf_crc32, tnf_frame_feed and tnf_request_parse,
 * on data of the caller's own.
 */
#ifndef TNF_SESSION_H
#define TNF_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "tnf_console.h"
#include "tnf_frame.h"
#include "tnf_messages.h"
#include "tnf_model.h"
#include "tnf_status.h"
#include "tnf_telemetry.h"

/** Who serves the requests SENSOR, SAMPLES and CAPTURE. */
typedef struct tnf_session_part {
    /** Does what the request asks, once. @return what is told when it is not TNF_OK */
    tnf_status_t (*take)(void *context, const tnf_request_t *request);
    /** Sends the reply; called again when the request is repeated. */
    void (*answer)(void *context);
    void *context;
} tnf_session_part_t;

/** Who is asked for a line of the console before the session itself is. */
typedef struct tnf_console_part {
    /** Takes a line without its end. Writes with tnf_console_text and the like.
     *  @return whether it was one of its commands */
    bool (*take)(void *context, const char *line);
    void *context;
} tnf_console_part_t;

/** So many layers in a row may be computed by rows together, their parts coming by turns. */
#define TNF_OPEN_LAYERS 8

/** A layer of which some parts have come in. */
typedef struct tnf_open_layer {
    uint32_t count; /**< of its parts so far */
    uint32_t crc32; /**< of its parts so far */
} tnf_open_layer_t;

/** What a session serves. Texts are told in the hello. */
typedef struct tnf_session_config {
    const TNF_FLASH tnf_model_t *model;
    int8_t *arena; /**< model->arena_bytes, aligned to TNF_ARENA_ALIGN */
    const char *board;
    const char *build_id;
    const char *tool_version;
    const char *counter_unit;  /**< "instructions", "cycles" or "nanoseconds" */
    uint32_t counter_multiply; /**< count = ticks * multiply / divide; both 1 to 65535 */
    uint32_t counter_divide;
    uint32_t clock_hz;     /**< 0 where a clock has no meaning, or the port measures it */
    uint32_t heartbeat_ms; /**< until the host sets another; 0 is off */
    const tnf_session_part_t *sensor;           /**< NULL where there is none */
    const TNF_FLASH tnf_reference_t *reference; /**< NULL: inputs and drift are not told */
    const tnf_console_part_t *console;          /**< NULL where there is none */
} tnf_session_config_t;

/** Bytes that are taken from the port at a time. */
#define TNF_READ_BYTES 64

/** What a session does as soon as nothing is going out. */
enum { TNF_NOTHING, TNF_A_LINE, TNF_A_REQUEST, TNF_A_RESTART, TNF_A_BOOTLOADER };

/** One session. The members are the session's own. */
typedef struct tnf_session {
    const tnf_session_config_t *config;
    const tnf_request_t *asked; /**< the request that is being carried out */
    uint8_t waits;              /**< what is done as soon as nothing is going out */
    uint8_t unasked;            /**< 1: what is being written is a message of its own */
    bool typed;                 /**< a command was, and no request has come since: no heartbeats */
    bool heard;                 /**< bytes have arrived since the clock was looked at */
    bool output_ready;          /**< the arena holds the output of the last inference */
    bool output_told;           /**< which was one that the host asked for */
    bool answered;              /**< there was a request: the next four tell of it */
    uint32_t type;              /**< its number */
    uint32_t sequence;          /**< its sequence number */
    uint32_t status;            /**< a tnf_status_t: how it ended */
    uint32_t count;             /**< what it counted */
    uint32_t input_bytes;       /**< of the input that are set, from its start */
    uint32_t input_crc32;       /**< of them */
    uint32_t input_sequence;    /**< of the request that set the first of them */
    uint32_t protocol;          /**< the one that the host and this firmware both speak */
    uint32_t capture;           /**< as the hello tells it; tnf_capture_allow sets it */
    uint32_t steps;             /**< inferences since the model's state was reset */
    uint32_t mark;              /**< counter when the layer began */
    uint32_t heartbeat_ms;
    uint32_t heartbeat_at_ms; /**< uptime of the last one */
    uint32_t heard_at_ms;     /**< uptime when bytes were last seen to arrive */
    uint32_t polls;           /**< wraps */
    uint32_t frames_damaged;
    uint32_t read_at; /**< the next of `read_bytes` */
    uint32_t read_size;
    /** of layers whose parts are coming in, by index % TNF_OPEN_LAYERS */
    tnf_open_layer_t open_layers[TNF_OPEN_LAYERS];
    tnf_telemetry_t telemetry;
    tnf_console_t console;
    tnf_frame_reader_t reader;
    tnf_frame_writer_t writer;
    uint8_t read_bytes[TNF_READ_BYTES];
} tnf_session_t;

/** How loud a log line is. */
typedef enum tnf_log_level {
    TNF_LOG_DEBUG = 0,
    TNF_LOG_INFO = 1,
    TNF_LOG_WARNING = 2,
    TNF_LOG_ERROR = 3,
} tnf_log_level_t;

/** Begins a session and writes a line of greeting to the console.
 *  @param config  kept while the session is in use */
void tnf_session_init(tnf_session_t *session, const tnf_session_config_t *config);

/** Takes what has arrived, hands over what is going out, carries out a request when nothing is, and
 *  sends a heartbeat when one is due. Call it often: what goes out waits for it. */
void tnf_session_poll(tnf_session_t *session);

/** The model's first input in the arena, to be filled for tnf_session_infer; what the host has set
 * there is forgotten. */
int8_t *tnf_session_input(tnf_session_t *session);

/** The first output of the last inference, in the arena. */
const int8_t *tnf_session_output(const tnf_session_t *session);

/** Runs one inference on the input in the arena and takes note of it; for applications that get
 *  their input from a sensor. The output is in the arena afterwards.
 *  @return its count in the unit of the board's counter */
uint32_t tnf_session_infer(tnf_session_t *session);

/** The same without counting it or taking note of it: for who measures many in a row. */
void tnf_session_invoke(tnf_session_t *session);

/** Sets what the model keeps between inferences to its first values: a new stream begins. Nothing
 *  where it keeps nothing. Input and output stay. */
void tnf_session_reset_state(tnf_session_t *session);

/** Sends a log line to the host, behind what is going out already.
 *  @param text  cut after TNF_TEXT_BYTES
 *  @return whether there was room for it; else it is dropped */
bool tnf_session_log(tnf_session_t *session, tnf_log_level_t level, const char *text);

#endif
