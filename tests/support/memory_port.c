#include "memory_port.h"

#include <string.h>

#include "tnf_port.h"

static const uint8_t *incoming;
static size_t unread;
static uint8_t outgoing[1 << 17];
static size_t written;
static uint32_t uptime_ms;
static uint32_t counter;
static uint32_t step;
static uint32_t clock_hz;
static size_t room = SIZE_MAX;
static size_t drain;

void memory_port_arrive(const uint8_t *data, size_t size)
{
    incoming = data;
    unread = size;
}

size_t memory_port_unread(void)
{
    return unread;
}

size_t memory_port_take(uint8_t *data, size_t capacity)
{
    size_t size = written < capacity ? written : capacity;
    memcpy(data, outgoing, size);
    written = 0;
    return size;
}

void memory_port_set_room(size_t bytes)
{
    room = bytes;
}

void memory_port_set_drain(size_t bytes)
{
    drain = bytes;
}

void memory_port_set_uptime(uint32_t ms)
{
    uptime_ms = ms;
}

void memory_port_set_clock(uint32_t hz)
{
    clock_hz = hz;
}

void memory_port_set_step(uint32_t ticks)
{
    step = ticks;
}

void tnf_port_init(void)
{
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    size_t size = unread < capacity ? unread : capacity;
    if (size > 0) {
        memcpy(buffer, incoming, size);
        incoming += size;
        unread -= size;
    }
    return size;
}

size_t tnf_port_write(const uint8_t *data, size_t size)
{
    size_t taken = size < room ? size : room;
    size_t kept = sizeof outgoing - written;
    kept = taken < kept ? taken : kept;
    memcpy(outgoing + written, data, kept);
    written += kept;
    if (room != SIZE_MAX) {
        room -= taken;
        if (taken < size) { /* time passes while somebody waits */
            uptime_ms++;
            room += drain;
        }
    }
    return taken;
}

uint32_t tnf_port_counter(void)
{
    counter += step;
    return counter;
}

uint32_t tnf_port_uptime_ms(void)
{
    return uptime_ms;
}

void tnf_port_health(tnf_port_health_t *health)
{
    *health = (tnf_port_health_t){
        .uptime_ms = uptime_ms,
        .stack_bytes = 4096,
        .stack_used_bytes = 1234,
        .heap_free_bytes = 0,
        .reset_reason = 7,
        .clock_hz = clock_hz,
    };
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    (void)bootloader;
    return TNF_UNSUPPORTED;
}
