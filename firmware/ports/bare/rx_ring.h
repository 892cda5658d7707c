/** @file
 * What a UART's interrupt handler has received and the main loop has not yet taken.
 *
 * One writer, one reader, on one core; the handler may run between any two of the reader's steps.
 * The host waits for the answer to a request before it sends the next, so a ring of a request's
 * size never runs over; 2048 bytes hold the largest.
 */
#ifndef RX_RING_H
#define RX_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Define one as `static volatile uint8_t bytes[SIZE]; static rx_ring_t ring = {bytes, SIZE};` */
typedef struct rx_ring {
    volatile uint8_t *bytes;
    uint32_t size;           /**< of @p bytes; a power of two */
    volatile uint32_t put;   /**< bytes ever put in; wraps */
    volatile uint32_t taken; /**< bytes ever taken out; wraps */
} rx_ring_t;

/** Whether there is nothing to take. */
static inline bool rx_ring_empty(const rx_ring_t *ring)
{
    return ring->put == ring->taken;
}

/** Whether the next byte would be dropped. A handler may leave it in the UART instead, and go on
 * when the main loop has taken some. */
static inline bool rx_ring_full(const rx_ring_t *ring)
{
    return ring->put - ring->taken == ring->size;
}

/** Keeps @p byte; for the handler. A full ring drops it: the frame it belongs to is damaged, which
 *  its checksum tells. */
static inline void rx_ring_put(rx_ring_t *ring, uint8_t byte)
{
    uint32_t put = ring->put;
    if (put - ring->taken < ring->size) {
        ring->bytes[put & (ring->size - 1u)] = byte;
        ring->put = put + 1u;
    }
}

/** Takes what is there, up to @p capacity bytes; for the main loop.
 *  @return bytes written to @p buffer */
static inline size_t rx_ring_take(rx_ring_t *ring, uint8_t *buffer, size_t capacity)
{
    uint32_t taken = ring->taken;
    uint32_t put = ring->put;
    size_t size = 0;
    while (size < capacity && taken != put) {
        buffer[size++] = ring->bytes[taken & (ring->size - 1u)];
        taken++;
    }
    ring->taken = taken; /* only now may the handler write there again */
    return size;
}

#endif
