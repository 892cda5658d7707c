/* A board that is a process: the session, the native port and a sensor whose samples are replayed
 * (int8, one channel, a quarter of a window as hop) around the fake model. With FAKE_SENSES it has
 * samples of its own, one a millisecond, number i being i * 37 ^ i >> 6; with FAKE_CAPTURE they may
 * be captured. The environment asks for misbehaviour too: FAKE_EXIT_AFTER, FAKE_HANG_AFTER and
 * FAKE_RESET_AFTER take a number of inferences. */
#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <unistd.h>

#include "fake_model.h"
#include "tnf_capture.h"
#include "tnf_port.h"
#include "tnf_sensing.h"
#include "tnf_session.h"

static TNF_ARENA(arena, FAKE_ARENA_BYTES);
static tnf_session_t session;

#define WINDOW ((uint32_t)FAKE_INPUT_BYTES)
#define HOP ((WINDOW + 3u) / 4u)
static int16_t samples[TNF_RING_WORDS(WINDOW, HOP, 1u)];
static tnf_sensing_t sensing;
static tnf_status_t sense(void *room, uint32_t capacity, uint32_t *count)
{
    static uint32_t sensed;
    uint8_t *values = room;
    uint32_t due = getenv("FAKE_SENSES") != NULL ? tnf_port_uptime_ms() : 0;
    for (*count = 0; *count < capacity && sensed < due; ++sensed) {
        values[(*count)++] = (uint8_t)((sensed * 37u) ^ (sensed >> 6));
    }
    return TNF_OK;
}

static const tnf_sensor_t sensor = {.read = sense};
static tnf_capture_t capture;
static const tnf_tap_t tap = TNF_CAPTURE_TAP(&capture);
static const tnf_console_part_t console = TNF_CAPTURE_CONSOLE(&capture);
static const tnf_session_part_t part = TNF_SENSING_PART(&sensing);
static const tnf_sensing_config_t sensing_config = {
    .sensor = &sensor,
    .session = &session,
    .driver = "replay",
    .memory = samples,
    .value_bytes = 1,
    .channels = 1,
    .window = WINDOW,
    .hop = HOP,
    .scale = 0.5f,
    .tap = &tap,
};

static const tnf_session_config_t config = {
    .model = &fake_model,
    .arena = arena,
    .board = "fake-board",
    .build_id = "b1",
    .tool_version = "0.0",
    .counter_unit = "nanoseconds",
    .counter_multiply = 1,
    .counter_divide = 1,
    .clock_hz = 0,
    .heartbeat_ms = 0,
    .sensor = &part,
    .console = &console,
};

static long asked(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? -1 : strtol(text, NULL, 10);
}

static void misbehave(void)
{
    static long done;
    if (done == asked("FAKE_EXIT_AFTER")) {
        _exit(1);
    }
    if (done == asked("FAKE_HANG_AFTER")) {
        for (;;) {
            (void)pause();
        }
    }
    if (done == asked("FAKE_RESET_AFTER")) {
        (void)unsetenv("FAKE_RESET_AFTER");
        (void)unsetenv("FAKE_CAPTURE"); /* nobody presses the button again */
        (void)tnf_port_reset(false);
    }
    ++done;
}

int main(void)
{
    fake_before_invoke = misbehave;
    tnf_port_init();
    tnf_session_init(&session, &config);
    tnf_capture_init(&capture, &sensing, &session, 2000, NULL);
    tnf_sensing_init(&sensing, &sensing_config);
    tnf_session_log(&session, TNF_LOG_WARNING, "the log works");
    if (getenv("FAKE_CAPTURE") != NULL) {
        tnf_capture_allow(&capture, true);
    }
    for (;;) {
        tnf_session_poll(&session);
        (void)tnf_sensing_poll(&sensing);
    }
}
