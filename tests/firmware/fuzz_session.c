/* Feeds a session what a bad line could: noise, and requests that were changed on the way or made
 * wrong on purpose. Sanitizers watch; what must hold is checked after every round. The same seed
 * gives the same bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_model.h"
#include "framed_line.h"
#include "memory_port.h"
#include "tnf_capture.h"
#include "tnf_sensing.h"
#include "tnf_session.h"

#define MOST_BYTES 4000

static uint32_t state;

static uint32_t chance(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

static TNF_ARENA(arena, FAKE_ARENA_BYTES);
static tnf_session_t session;

/* A sensor of two int16 channels whose windows are the model's input. */
#define WINDOW (FAKE_INPUT_BYTES / 2u)
#define HOP 5u
static int16_t samples[TNF_RING_WORDS(WINDOW, HOP, 4u)];
static tnf_sensing_t sensing;
static tnf_status_t read(void *room, uint32_t capacity, uint32_t *count)
{
    *count = chance(capacity + 1);
    memset(room, (int)chance(256), *count * 4u);
    return chance(200) == 0 ? TNF_NO_SENSOR : TNF_OK;
}
static const tnf_sensor_t sensor = {.read = read};
static tnf_capture_t capture;
static const tnf_tap_t tap = TNF_CAPTURE_TAP(&capture);
static const tnf_session_part_t part = TNF_SENSING_PART(&sensing);
static const tnf_sensing_config_t sensing_config = {
    .sensor = &sensor,
    .session = &session,
    .driver = "fuzz",
    .memory = samples,
    .value_bytes = 2,
    .channels = 2,
    .window = WINDOW,
    .hop = HOP,
    .multiplier = 1 << 30,
    .shift = 33,
    .tap = &tap,
};

static framed_line_t line;

static size_t put_head(uint8_t *at, uint32_t major, uint32_t value)
{
    if (value < 24) {
        at[0] = (uint8_t)(major << 5 | value);
        return 1;
    }
    at[0] = (uint8_t)(major << 5 | 25);
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)value;
    return 3;
}

/* A request that is nearly right: wrong types, sizes and keys now and then. */
static void put_request(void)
{
    uint8_t payload[MOST_BYTES];
    uint32_t pairs = 2 + chance(5);
    size_t at = put_head(payload, 5, pairs);
    for (uint32_t pair = 0; pair < pairs; ++pair) {
        uint32_t key = pair < 2 ? pair : chance(2) == 0 ? 3 : chance(chance(8) == 0 ? 300 : 12);
        at += put_head(payload + at, 0, key);
        if (key == 3 && chance(10) != 0) {
            uint32_t bytes = chance(3) != 0 ? FAKE_INPUT_BYTES : chance(200);
            at += put_head(payload + at, 2, bytes);
            for (uint32_t i = 0; i < bytes; ++i) {
                payload[at++] = (uint8_t)chance(256);
            }
        } else if (key == 2 && chance(2) == 0) {
            at += put_head(payload + at, 0, sensing.taken & 0xffff);
        } else if (key == TNF_KEY_RELEASE && chance(8) != 0) {
            at += put_head(payload + at, 0, capture.sample & 0xffff);
        } else if (key > TNF_KEY_RELEASE) {
            at += put_head(payload + at, chance(8), chance(24));
        } else {
            at += put_head(payload + at, chance(40) == 0 ? chance(8) : 0, chance(13));
        }
    }
    if (chance(8) == 0) {
        payload[chance((uint32_t)at)] = (uint8_t)chance(256);
    }
    if (chance(16) == 0) {
        at = chance((uint32_t)at);
    }
    put_frame(&line, payload, at);
}

/* Ends a replay, or asks for a raw sample, or for the rest of it, or releases it. */
static void put_capture(void)
{
    const uint8_t rest[] = {0xa3, 0x00, 0x0a, 0x01, (uint8_t)chance(24), 0x08, 0x00};
    uint8_t asks[] = {0xa3, 0x00, 0x0c, 0x01, (uint8_t)chance(24), 0x02, (uint8_t)chance(24)};
    if (sensing.replaying) {
        put_frame(&line, rest, sizeof rest);
        return;
    }
    switch (chance(4)) {
    case 0:
        asks[6] = 0;
        break;
    case 1:
        asks[5] = TNF_KEY_RELEASE;
        asks[6] = (uint8_t)(capture.sample % 24);
        break;
    default:
        break;
    }
    put_frame(&line, asks, sizeof asks);
}

static void put_noise(void)
{
    for (uint32_t left = chance(1500); left > 0; --left) {
        put(&line, (uint8_t)chance(256));
    }
}

static void damage(void)
{
    for (uint32_t left = chance(4); left > 0 && line.size > 0; --left) {
        line.bytes[chance((uint32_t)line.size)] ^= (uint8_t)(1u << chance(8));
    }
}

static void fail(const char *what, long round)
{
    (void)printf("round %ld: %s\n", round, what);
    exit(1);
}

/* How often 0x00, a map of nine fields, TYPE (0, hence a COBS code in its place), CAPTURE_REPLY is
 * there. */
static unsigned captures(const uint8_t *bytes, size_t count)
{
    unsigned found = 0;
    for (size_t i = 0; i + 6 < count; ++i) {
        found +=
            memcmp(bytes + i, "\x00\x02\xa9", 3) == 0 && memcmp(bytes + i + 4, "\x18\x49", 2) == 0
                ? 1u
                : 0u;
    }
    return found;
}

int main(int count, char **arguments)
{
    static const tnf_session_config_t config = {
        .model = &fake_model,
        .arena = arena,
        .board = "fuzz",
        .build_id = "",
        .tool_version = "",
        .counter_unit = "cycles",
        .counter_multiply = 5,
        .counter_divide = 16,
        .heartbeat_ms = 100,
        .sensor = &part,
    };
    static uint8_t written[1 << 17];
    static const uint8_t hello[] = {0xa2, 0x00, 0x01, 0x01, 0x07};
    long rounds = count > 2 ? strtol(arguments[2], NULL, 10) : 1000;
    state = 2 * (count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 0) + 1;

    unsigned windows = 0;
    unsigned captured = 0;
    tnf_session_init(&session, &config);
    tnf_capture_init(&capture, &sensing, &session, 50, NULL);
    tnf_sensing_init(&sensing, &sensing_config);
    for (long round = 0; round < rounds; ++round) {
        line.size = 0;
        if (chance(20) == 0) {
            tnf_capture_allow(&capture, chance(2) == 0);
        }
        bool senses = round % 400 >= 300;
        if (senses) {
            put_capture();
        } else if (!sensing.replaying) {
            const uint8_t replay[] = {0xa3, 0x00, 0x0a, 0x01, (uint8_t)chance(24), 0x08, 0x01};
            put_frame(&line, replay, sizeof replay);
        }
        for (uint32_t parts = 1 + chance(3); parts > 0; --parts) {
            if (chance(3) == 0) {
                put_noise();
            } else {
                put_request();
            }
        }
        if (chance(2) == 0) {
            damage();
        }
        memory_port_set_uptime((uint32_t)round * 7);
        memory_port_set_step(chance(1u << 31));
        memory_port_arrive(line.bytes, line.size);
        while (memory_port_unread() > 0) {
            tnf_session_poll(&session);
        }
        tnf_session_poll(&session);
        windows += tnf_sensing_poll(&sensing) ? 1 : 0;
        unsigned replies = captures(written, memory_port_take(written, sizeof written));
        if (replies > 0 && session.capture != TNF_CAPTURE_ON) {
            fail("a raw sample that nobody has allowed", round);
        }
        captured += replies;
        if (session.input_bytes > FAKE_INPUT_BYTES) {
            fail("more input than there is room for", round);
        }

        /* Whatever came before, a request after two 0x00 is understood. */
        line.size = 0;
        put(&line, 0);
        put_frame(&line, hello, sizeof hello);
        memory_port_arrive(line.bytes, line.size);
        while (memory_port_unread() > 0) {
            tnf_session_poll(&session);
        }
        size_t answered = memory_port_take(written, sizeof written);
        bool found = false;
        for (size_t i = 0; i + 6 < answered; ++i) {
            /* 0x00, a map, TYPE (0, hence a COBS code in its place), HELLO_REPLY */
            found = found || (memcmp(written + i, "\x00\x02", 2) == 0 &&
                              memcmp(written + i + 4, "\x18\x40", 2) == 0);
        }
        if (!found) {
            fail("no hello", round);
        }
    }
    (void)printf("%ld rounds, %u damaged frames, %u inferences, %u windows, %u captured\n", rounds,
                 (unsigned)session.frames_damaged, (unsigned)session.telemetry.inferences, windows,
                 captured);
    return 0;
}
