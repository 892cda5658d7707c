#include "tnf_sensing.h"

#include <string.h>

#include "tnf_port.h"

/* A host that has used the model and then been quiet for this long is done with it. */
#define HOST_QUIET_MS 1000

/* A replay of which nothing came for this long is over: the sensor takes over again. */
#define REPLAY_QUIET_MS 5000

/* Between two attempts to start a sensor that does not answer. */
#define RETRY_MS 1000

/* ---- from samples to the model's input ---- */

static int8_t quantized(const tnf_sensing_config_t *config, int32_t zero_point, int16_t value)
{
    int64_t half = (int64_t)1 << (config->shift - 1);
    int32_t scaled = (int32_t)(((int64_t)value * config->multiplier + half) >> config->shift);
    int32_t result = scaled + zero_point;
    return (int8_t)(result < INT8_MIN ? INT8_MIN : result > INT8_MAX ? INT8_MAX : result);
}

static void prepare(const tnf_sensing_config_t *config, const void *window, int8_t *input)
{
    const TNF_FLASH tnf_tensor_t *tensor = config->session->config->model->inputs;
    if (config->sensor->prepare != NULL) {
        config->sensor->prepare(window, input);
    } else if (config->value_bytes == 1) {
        memcpy(input, window, (size_t)tensor->bytes);
    } else {
        const int16_t *values = window;
        for (uint32_t i = 0; i < tensor->bytes; ++i) {
            input[i] = quantized(config, tensor->zero_point, values[i]);
        }
    }
}

/* ---- the sensor ---- */

/* Remembers how the sensor is, and tells the host when it has gone. */
static void note(tnf_sensing_t *sensing, tnf_status_t status)
{
    if (status != TNF_OK && sensing->status == TNF_OK) {
        (void)tnf_session_log(sensing->config->session, TNF_LOG_WARNING,
                              "the sensor does not answer");
    }
    sensing->status = status;
}

/* Whether a window makes an input: where the driver does not make it, it is the window's values. */
static bool fits(const tnf_sensing_config_t *config)
{
    return config->sensor->prepare != NULL ||
           config->window * config->channels == config->session->config->model->input_bytes;
}

static void start(tnf_sensing_t *sensing)
{
    const tnf_sensor_t *sensor = sensing->config->sensor;
    sensing->tried_at_ms = tnf_port_uptime_ms();
    note(sensing, sensor->start != NULL ? sensor->start(&sensing->ring) : TNF_OK);
    sensing->running = sensing->status == TNF_OK;
}

static void stop(tnf_sensing_t *sensing)
{
    if (sensing->running && sensing->config->sensor->stop != NULL) {
        sensing->config->sensor->stop();
    }
    sensing->running = false;
}

static void empty(tnf_sensing_t *sensing)
{
    const tnf_sensing_config_t *config = sensing->config;
    tnf_ring_init(&sensing->ring, config->memory, config->channels * config->value_bytes,
                  config->window, config->hop);
    sensing->age = 0;
    sensing->age_max = 0;
    sensing->held = false;
    tnf_session_reset_state(config->session);
}

void tnf_sensing_rest(tnf_sensing_t *sensing)
{
    stop(sensing);
    empty(sensing);
}

/* Takes what a driver with `read` has, straight into the ring. */
static void take_samples(tnf_sensing_t *sensing)
{
    const tnf_sensor_t *sensor = sensing->config->sensor;
    if (!sensing->running || sensor->read == NULL) {
        return;
    }
    /* At most a ring full: a sensor that is faster than this loop must not hold it up. */
    for (uint32_t left = sensing->ring.capacity; left > 0;) {
        uint32_t room = left;
        uint32_t count = 0;
        void *samples = tnf_ring_reserve(&sensing->ring, &room);
        tnf_status_t status = sensor->read(samples, room, &count);
        count = count < room ? count : room;
        tnf_ring_commit(&sensing->ring, count);
        if (status != TNF_OK) {
            stop(sensing);
            tnf_ring_gap(&sensing->ring);
            sensing->tried_at_ms = tnf_port_uptime_ms();
            note(sensing, status);
            return;
        }
        if (count < room) {
            return;
        }
        left -= count;
    }
}

/* ---- windows ---- */

/* How late a window is that nobody held up. */
static void note_age(tnf_sensing_t *sensing, uint32_t misses)
{
    tnf_telemetry_t *telemetry = &sensing->config->session->telemetry;
    sensing->age = tnf_ring_age(&sensing->ring);
    if (sensing->age > sensing->age_max) {
        sensing->age_max = sensing->age;
    }
    if (sensing->age >= sensing->config->hop && telemetry->deadline_misses == misses) {
        telemetry->deadline_misses++;
    }
}

uint32_t tnf_sensing_infer(tnf_sensing_t *sensing)
{
    tnf_session_t *session = sensing->config->session;
    uint32_t misses = session->telemetry.deadline_misses;
    sensing->count = tnf_session_infer(session);
    take_samples(sensing); /* what has come in meanwhile tells how late it is */
    if (!sensing->held) {
        note_age(sensing, misses);
    }
    sensing->held = false;
    sensing->classified = true;
    return sensing->count;
}

/* Whether the tap keeps the arena as it is; what it no longer holds is classified now. */
static bool tapped(tnf_sensing_t *sensing)
{
    const tnf_tap_t *tap = sensing->config->tap;
    if (tap == NULL) {
        return false;
    }
    bool holds = tap->holds(tap->context, false);
    if (sensing->held && !holds) {
        (void)tnf_sensing_infer(sensing);
        return true;
    }
    return holds;
}

bool tnf_sensing_classify(tnf_sensing_t *sensing)
{
    const tnf_tap_t *tap = sensing->replaying ? NULL : sensing->config->tap;
    tnf_session_t *session = sensing->config->session;
    const void *window = tnf_ring_window(&sensing->ring);
    if (window == NULL) {
        return false;
    }
    prepare(sensing->config, window, tnf_session_input(session));
    if (!tnf_ring_release(&sensing->ring)) {
        return false;
    }
    if (tap != NULL && tap->holds(tap->context, true)) {
        sensing->held = true;
        return false;
    }
    (void)tnf_sensing_infer(sensing);
    return true;
}

static bool host_uses_model(const tnf_session_t *session)
{
    switch (session->type) {
    case TNF_MESSAGE_INPUT:
    case TNF_MESSAGE_INFER:
    case TNF_MESSAGE_OUTPUT:
    case TNF_MESSAGE_LAYERS:
    case TNF_MESSAGE_DUMP:
        return session->heard || tnf_port_uptime_ms() - session->heard_at_ms < HOST_QUIET_MS;
    default:
        return false;
    }
}

/* Whether samples come from the sensor: starts it where that is due. */
static bool awake(tnf_sensing_t *sensing)
{
    if (sensing->replaying) {
        if (tnf_port_uptime_ms() - sensing->replayed_at_ms < REPLAY_QUIET_MS) {
            return false;
        }
        sensing->replaying = false;
        empty(sensing);
    }
    if (!sensing->running && sensing->status != TNF_BAD_FIELD &&
        tnf_port_uptime_ms() - sensing->tried_at_ms >= RETRY_MS) {
        start(sensing);
    }
    return sensing->running;
}

void tnf_sensing_init(tnf_sensing_t *sensing, const tnf_sensing_config_t *config)
{
    memset(sensing, 0, sizeof *sensing);
    sensing->config = config;
    config->session->telemetry.deadline = config->deadline;
    empty(sensing);
    if (!fits(config)) {
        sensing->status = TNF_BAD_FIELD;
        (void)tnf_session_log(config->session, TNF_LOG_ERROR, "a window is not the model's input");
        return;
    }
    start(sensing);
}

bool tnf_sensing_poll(tnf_sensing_t *sensing)
{
    if (awake(sensing)) {
        take_samples(sensing);
        if (host_uses_model(sensing->config->session)) {
            sensing->ring.dropped +=
                sensing->held ? 1 : 0; /* the host's input has taken its place */
            sensing->held = false;
        } else if (!tapped(sensing)) {
            (void)tnf_sensing_classify(sensing);
        }
    }
    bool classified = sensing->classified;
    sensing->classified = false;
    return classified;
}
