/* A session that senses, over the memory port and a sensor that a test feeds, as a library. */
#include <string.h>

#include "fake_model.h"
#include "memory_port.h"
#include "tnf_capture.h"
#include "tnf_sensing.h"

#define MOST_WORDS 4096

void shim_start(uint32_t value_bytes, uint32_t channels, uint32_t window, uint32_t hop,
                uint32_t deadline, uint32_t polled);
void shim_quantize(int32_t multiplier, uint32_t shift);
void shim_feed(const uint8_t *data, size_t size);
uint32_t shim_poll(void);
void shim_sense(const uint8_t *data, uint32_t samples);
void shim_sense_during(const uint8_t *data, uint32_t samples);
void shim_fail(uint32_t starts, uint32_t reads);
uint32_t shim_started(void);
uint32_t shim_stopped(void);
uint32_t shim_memory_words(uint32_t window, uint32_t hop, uint32_t sample_bytes);
const int8_t *shim_output(void);
void shim_capture(uint32_t hold_ms);
void shim_allow(uint32_t allowed);
uint32_t shim_line(const char *line);

static TNF_ARENA(arena, FAKE_ARENA_BYTES);
static int16_t memory[MOST_WORDS];
static tnf_session_t session;
static tnf_sensing_t sensing;
static tnf_sensor_t sensor;
static uint8_t queue[2 * MOST_WORDS];
static uint32_t queued;
static uint8_t later[2 * MOST_WORDS];
static uint32_t later_samples;
static uint32_t failing_starts, failing_reads, started, stopped;

static tnf_capture_t capture;
static const tnf_tap_t tap = TNF_CAPTURE_TAP(&capture);

static const tnf_session_part_t part = TNF_SENSING_PART(&sensing);
static const tnf_session_config_t config = {
    .model = &fake_model,
    .arena = arena,
    .board = "shim",
    .build_id = "b1",
    .tool_version = "0.0",
    .counter_unit = "instructions",
    .counter_multiply = 1,
    .counter_divide = 1,
    .clock_hz = 25000000,
    .sensor = &part,
};
static tnf_sensing_config_t sensing_config = {
    .sensor = &sensor,
    .session = &session,
    .driver = "fake",
    .memory = memory,
    .rate_hz = 100,
    .scale = 0.25f,
};

static tnf_status_t start(tnf_ring_t *ring)
{
    (void)ring;
    if (failing_starts > 0) {
        --failing_starts;
        return TNF_NO_SENSOR;
    }
    ++started;
    return TNF_OK;
}

static void stop(void)
{
    ++stopped;
}

static tnf_status_t read(void *samples, uint32_t capacity, uint32_t *count)
{
    uint32_t bytes = sensing_config.channels * sensing_config.value_bytes;
    if (failing_reads > 0) {
        --failing_reads;
        return TNF_NO_SENSOR;
    }
    *count = queued < capacity ? queued : capacity;
    memcpy(samples, queue, *count * bytes);
    queued -= *count;
    memmove(queue, queue + *count * bytes, queued * bytes);
    return TNF_OK;
}

/* The first sample of a window in all of the input. */
static void prepare(const void *window, int8_t *input)
{
    memset(input, *(const int8_t *)window, FAKE_INPUT_BYTES);
}

static void during(void)
{
    if (later_samples > 0) {
        shim_sense(later, later_samples);
        later_samples = 0;
    }
}

void shim_quantize(int32_t multiplier, uint32_t shift)
{
    sensing_config.multiplier = multiplier;
    sensing_config.shift = shift;
}

/* A driver that is polled, one that feeds the ring itself, none, or one that prepares the model's
 * input (0 to 3). */
void shim_start(uint32_t value_bytes, uint32_t channels, uint32_t window, uint32_t hop,
                uint32_t deadline, uint32_t kind)
{
    sensor = (tnf_sensor_t){.start = kind < 2 ? start : NULL,
                            .stop = kind < 2 ? stop : NULL,
                            .read = kind == 0 ? read : NULL,
                            .prepare = kind == 3 ? prepare : NULL};
    sensing_config.value_bytes = value_bytes;
    sensing_config.channels = channels;
    sensing_config.window = window;
    sensing_config.hop = hop;
    sensing_config.deadline = deadline;
    sensing_config.tap = NULL;
    queued = later_samples = failing_starts = failing_reads = started = stopped = 0;
    fake_before_invoke = during;
    tnf_session_init(&session, &config);
    tnf_sensing_init(&sensing, &sensing_config);
}

uint32_t shim_poll(void)
{
    tnf_session_poll(&session);
    return tnf_sensing_poll(&sensing) ? 1 : 0;
}

void shim_feed(const uint8_t *data, size_t size)
{
    memory_port_arrive(data, size);
    while (memory_port_unread() > 0) {
        tnf_session_poll(&session);
    }
}

void shim_sense(const uint8_t *data, uint32_t samples)
{
    uint32_t bytes = sensing_config.channels * sensing_config.value_bytes;
    if (sensor.read == NULL) {
        tnf_ring_push(&sensing.ring, data, samples);
    } else {
        memcpy(queue + queued * bytes, data, samples * bytes);
        queued += samples;
    }
}

/* Samples that come while the next inference runs. */
void shim_sense_during(const uint8_t *data, uint32_t samples)
{
    memcpy(later, data, samples * sensing_config.channels * sensing_config.value_bytes);
    later_samples = samples;
}

void shim_fail(uint32_t starts, uint32_t reads)
{
    failing_starts = starts;
    failing_reads = reads;
}

uint32_t shim_started(void)
{
    return started;
}

uint32_t shim_stopped(void)
{
    return stopped;
}

uint32_t shim_memory_words(uint32_t window, uint32_t hop, uint32_t sample_bytes)
{
    return TNF_RING_WORDS(window, hop, sample_bytes);
}

const int8_t *shim_output(void)
{
    return tnf_session_output(&session);
}

/* From now on the firmware has capture, which is off. */
void shim_capture(uint32_t hold_ms)
{
    sensing_config.tap = &tap;
    tnf_capture_init(&capture, &sensing, &session, hold_ms, NULL);
}

void shim_allow(uint32_t allowed)
{
    tnf_capture_allow(&capture, allowed != 0);
}

uint32_t shim_line(const char *line)
{
    return tnf_capture_line(&capture, line) ? 1 : 0;
}
