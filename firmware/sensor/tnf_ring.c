#include <string.h>

#include "tnf_sensor.h"

/* Of a counter that the producer may change meanwhile: an 8-bit processor reads it in parts. */
static uint32_t read_counter(const volatile uint32_t *counter)
{
    uint32_t value;
    do {
        value = *counter;
    } while (value != *counter);
    return value;
}

/* Whether sample number `a` comes after number `b`. */
static bool after(uint32_t a, uint32_t b)
{
    return a != b && a - b < (uint32_t)1 << 31;
}

static size_t bytes_of(const tnf_ring_t *ring, uint32_t samples)
{
    return (size_t)(samples * ring->sample_bytes);
}

void tnf_ring_init(tnf_ring_t *ring, int16_t *memory, uint32_t sample_bytes, uint32_t window,
                   uint32_t hop)
{
    memset(ring, 0, sizeof *ring);
    ring->memory = (uint8_t *)memory;
    ring->sample_bytes = sample_bytes;
    ring->window = window;
    ring->hop = hop;
    ring->capacity = TNF_RING_CAPACITY(window, hop);
}

/* ---- the producer's side ---- */

void *tnf_ring_reserve(tnf_ring_t *ring, uint32_t *samples)
{
    uint32_t room = ring->capacity - ring->write_at;
    room = room < ring->hop ? room : ring->hop;
    *samples = *samples < room ? *samples : room;
    uint32_t lost = ring->written + *samples - ring->capacity;
    if (after(lost, ring->oldest)) {
        ring->oldest = lost;
    }
    TNF_RING_BARRIER();
    return ring->memory + bytes_of(ring, ring->write_at);
}

void tnf_ring_commit(tnf_ring_t *ring, uint32_t samples)
{
    uint32_t at = ring->write_at;
    uint32_t twice = ring->window - ring->hop;
    if (at < twice) {
        uint32_t count = samples < twice - at ? samples : twice - at;
        uint8_t *here = ring->memory + bytes_of(ring, at);
        memcpy(here + bytes_of(ring, ring->capacity), here, bytes_of(ring, count));
    }
    TNF_RING_BARRIER();
    at += samples;
    ring->write_at = at == ring->capacity ? 0 : at;
    ring->written += samples;
}

void tnf_ring_push(tnf_ring_t *ring, const void *samples, uint32_t count)
{
    const uint8_t *from = samples;
    while (count > 0) {
        uint32_t piece = count;
        void *to = tnf_ring_reserve(ring, &piece);
        size_t bytes = bytes_of(ring, piece);
        memcpy(to, from, bytes);
        tnf_ring_commit(ring, piece);
        from += bytes;
        count -= piece;
    }
}

void tnf_ring_gap(tnf_ring_t *ring)
{
    /* Goes on at the next place where a window may begin. */
    uint32_t into = ring->write_at % ring->hop;
    uint32_t skipped = into == 0 ? 0 : ring->hop - into;
    ring->oldest = ring->written + skipped;
    TNF_RING_BARRIER();
    uint32_t at = ring->write_at + skipped;
    ring->write_at = at == ring->capacity ? 0 : at;
    ring->written += skipped;
    ring->gaps++;
}

/* ---- the consumer's side ---- */

static void advance(tnf_ring_t *ring, uint32_t hops)
{
    uint32_t round = ring->capacity / ring->hop;
    uint32_t at = ring->next_at + hops % round * ring->hop;
    ring->next_at = at < ring->capacity ? at : at - ring->capacity;
    ring->next += hops * ring->hop;
}

/* Drops the windows that begin before `oldest`, and those that come before the newest whole one. */
static void drop(tnf_ring_t *ring, uint32_t written, uint32_t oldest)
{
    uint32_t hops = (oldest - ring->next + ring->hop - 1) / ring->hop;
    uint32_t first = ring->next + hops * ring->hop;
    if (after(written, first) && written - first > ring->window) {
        hops += (written - first - ring->window) / ring->hop;
    }
    ring->dropped += hops;
    advance(ring, hops);
}

const void *tnf_ring_window(tnf_ring_t *ring)
{
    uint32_t written = read_counter(&ring->written);
    TNF_RING_BARRIER();
    uint32_t oldest = read_counter(&ring->oldest);
    if (after(oldest, ring->next)) {
        drop(ring, written, oldest);
    }
    if (after(ring->next, written) || written - ring->next < ring->window) {
        return NULL;
    }
    return ring->memory + bytes_of(ring, ring->next_at);
}

bool tnf_ring_release(tnf_ring_t *ring)
{
    TNF_RING_BARRIER();
    bool whole = !after(read_counter(&ring->oldest), ring->next);
    if (whole) {
        ring->windows++;
    } else {
        ring->dropped++;
    }
    advance(ring, 1);
    return whole;
}

uint32_t tnf_ring_age(const tnf_ring_t *ring)
{
    return read_counter(&ring->written) - (ring->next - ring->hop) - ring->window;
}

uint32_t tnf_ring_missing(const tnf_ring_t *ring)
{
    uint32_t there = read_counter(&ring->written) - ring->next;
    return there < ring->window ? ring->window - there : 0;
}

uint32_t tnf_ring_begun(const tnf_ring_t *ring)
{
    uint32_t written = read_counter(&ring->written);
    return after(written, ring->next) ? (written - ring->next + ring->hop - 1) / ring->hop : 0;
}
