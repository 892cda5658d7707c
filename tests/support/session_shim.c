/* A session over the memory port, as a library for ctypes. */
#include "fake_model.h"
#include "memory_port.h"
#include "tnf_crc32.h"
#include "tnf_messages.h"
#include "tnf_session.h"
#include "tnf_telemetry.h"

void shim_start(uint32_t multiply, uint32_t divide, uint32_t heartbeat_ms);
void shim_feed(const uint8_t *data, size_t size);
void shim_idle(uint32_t polls);
uint32_t shim_infer(void);
void shim_log(uint32_t level, const char *text);
uint32_t shim_parse(const uint8_t *payload, size_t size, uint32_t *values);
size_t shim_session_bytes(void);
tnf_telemetry_t *shim_telemetry(void);

static TNF_ARENA(arena, FAKE_ARENA_BYTES);
static tnf_session_t session;
static tnf_session_config_t config = {
    .model = &fake_model,
    .arena = arena,
    .board = "shim",
    .build_id = "b1",
    .tool_version = "0.0",
    .counter_unit = "instructions",
    .clock_hz = 25000000,
#ifdef SHIM_REFERENCE
    .reference = &tnf_reference,
#endif
};

void shim_start(uint32_t multiply, uint32_t divide, uint32_t heartbeat_ms)
{
    config.counter_multiply = multiply;
    config.counter_divide = divide;
    config.heartbeat_ms = heartbeat_ms;
    tnf_session_init(&session, &config);
}

void shim_feed(const uint8_t *data, size_t size)
{
    memory_port_arrive(data, size);
    while (memory_port_unread() > 0) {
        tnf_session_poll(&session);
    }
}

void shim_idle(uint32_t polls)
{
    for (uint32_t i = 0; i < polls; ++i) {
        tnf_session_poll(&session);
    }
}

uint32_t shim_infer(void)
{
    return tnf_session_infer(&session);
}

void shim_log(uint32_t level, const char *text)
{
    (void)tnf_session_log(&session, (tnf_log_level_t)level, text);
    tnf_session_poll(&session);
}

/* The status; values has one for each key, and what is present in the last. */
uint32_t shim_parse(const uint8_t *payload, size_t size, uint32_t *values)
{
    tnf_request_t request;
    tnf_status_t status = tnf_request_parse(payload, size, &request);
    for (uint32_t key = 0; key < TNF_REQUEST_KEYS; ++key) {
        values[key] = request.value[key];
    }
    values[TNF_REQUEST_KEYS] = request.present;
    return (uint32_t)status;
}

size_t shim_session_bytes(void)
{
    return sizeof session;
}

tnf_telemetry_t *shim_telemetry(void)
{
    return &session.telemetry;
}
