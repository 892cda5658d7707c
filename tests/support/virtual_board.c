/* A board without time of its own: the session and a replayed sensor around the fake model, over
 * the memory port, as a library for ctypes. A test says when it is polled. */
#include "fake_model.h"
#include "memory_port.h"
#include "tnf_sensing.h"
#include "tnf_session.h"

void virtual_board_start(uint32_t heartbeat_ms);
void virtual_board_poll(uint32_t polls);
void virtual_board_infer(void);

static TNF_ARENA(arena, FAKE_ARENA_BYTES);
static tnf_session_t session;

#define WINDOW ((uint32_t)FAKE_INPUT_BYTES)
#define HOP ((WINDOW + 3u) / 4u)
static int16_t samples[TNF_RING_WORDS(WINDOW, HOP, 1u)];
static tnf_sensing_t sensing;
static const tnf_sensor_t sensor = {.start = NULL};
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
};

static tnf_session_config_t config = {
    .model = &fake_model,
    .arena = arena,
    .board = "virtual",
    .build_id = "b1",
    .tool_version = "0.0",
    .counter_unit = "nanoseconds",
    .counter_multiply = 1,
    .counter_divide = 1,
    .sensor = &part,
};

void virtual_board_start(uint32_t heartbeat_ms)
{
    config.heartbeat_ms = heartbeat_ms;
    tnf_session_init(&session, &config);
    tnf_sensing_init(&sensing, &sensing_config);
}

void virtual_board_poll(uint32_t polls)
{
    for (uint32_t i = 0; i < polls; ++i) {
        tnf_session_poll(&session);
        (void)tnf_sensing_poll(&sensing);
    }
}

/* The application infers on its own, between what the host asks for. */
void virtual_board_infer(void)
{
    tnf_session_input(&session)[0] = 1;
    (void)tnf_session_infer(&session);
}
