/* Bytes for a board, with frames around payloads that nothing has checked. */
#ifndef FRAMED_LINE_H
#define FRAMED_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "tnf_crc32.h"

/* What is to be sent; what does not fit is left out. */
typedef struct framed_line {
    uint8_t bytes[16384];
    size_t size;
} framed_line_t;

static inline void put(framed_line_t *line, uint8_t byte)
{
    if (line->size < sizeof line->bytes) {
        line->bytes[line->size++] = byte;
    }
}

static inline uint8_t payload_byte(const uint8_t *payload, size_t bytes, uint32_t crc, size_t at)
{
    return (uint8_t)(at < bytes ? payload[at] : crc >> (8 * (at - bytes)));
}

/* A frame around any payload: its CRC is right, whatever is in it. */
static inline void put_frame(framed_line_t *line, const uint8_t *payload, size_t bytes)
{
    uint32_t crc = tnf_crc32(0, payload, bytes);
    size_t all = bytes + 4;
    put(line, 0);
    for (size_t at = 0; at <= all;) {
        size_t run = 0;
        while (at + run < all && payload_byte(payload, bytes, crc, at + run) != 0 && run < 254) {
            ++run;
        }
        put(line, (uint8_t)(run + 1));
        for (size_t i = 0; i < run; ++i) {
            put(line, payload_byte(payload, bytes, crc, at + i));
        }
        at += run == 254 ? run : run + 1;
    }
    put(line, 0);
}

#endif
