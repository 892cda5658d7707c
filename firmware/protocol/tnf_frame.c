#include "tnf_frame.h"

#include <string.h>

#include "tnf_crc32.h"
#include "tnf_port.h"

#define CRC_BYTES 4
#define FULL_BLOCK 0xff /* the code of 254 bytes with no zero after them */

/* What the CRC-32 of anything and of its own CRC-32 after it, little endian, always is. */
#define CRC_RESIDUE 0x2144df1cu

/* ---- sending ---- */

/* A payload is collected this far behind where its frame will begin, and becomes the frame in
 * place: the longest has a 0x00 and six COBS codes before its last byte. The buffer ends where the
 * longest payload does, when it is the first in it. */
#define AHEAD 8u

void tnf_frame_begin(tnf_frame_writer_t *writer)
{
    writer->begin = writer->fill;
    writer->fill += AHEAD;
}

void tnf_frame_put(tnf_frame_writer_t *writer, const void *data, size_t size)
{
    /* What does not fit is left out, and remembered. */
    size_t end = writer->fill + size;
    if (end <= sizeof writer->bytes) {
        memcpy(writer->bytes + writer->fill, data, size);
        writer->fill = end;
    } else {
        writer->too_long = true;
    }
}

bool tnf_frame_end(tnf_frame_writer_t *writer)
{
    uint8_t *to = writer->bytes + writer->begin;
    const uint8_t *from = to + AHEAD;
    /* All processors that there are ports for keep the lowest byte first, as the line does. */
    uint32_t crc = tnf_crc32(0, from, (size_t)(writer->bytes + writer->fill - from));
    tnf_frame_put(writer, &crc, sizeof crc);
    bool fits = !writer->too_long;
    if (fits) {
        const uint8_t *end = writer->bytes + writer->fill;
        *to++ = 0;
        uint8_t *code = to++;
        while (from < end) {
            bool full = to - code == FULL_BLOCK;
            if (full || *from == 0) {
                /* A full block ends late: a frame may end with one, without an empty one after. */
                *code = (uint8_t)(to - code);
                code = to++;
                from += full ? 0 : 1;
            } else {
                *to++ = *from++;
            }
        }
        *code = (uint8_t)(to - code);
        *to++ = 0;
    }
    writer->fill = (size_t)(to - writer->bytes);
    writer->too_long = false;
    return fits;
}

void tnf_frame_text(tnf_frame_writer_t *writer, uint8_t byte)
{
    if (writer->fill == sizeof writer->bytes) {
        tnf_frame_flush(writer);
    }
    writer->bytes[writer->fill++] = byte;
}

bool tnf_frame_drain(tnf_frame_writer_t *writer)
{
    size_t left = writer->fill - writer->sent;
    if (left > 0) {
        size_t taken = tnf_port_write(writer->bytes + writer->sent, left);
        writer->sent += taken;
        if (taken > 0) {
            writer->stalled = false;
        }
        if (taken < left) {
            return false;
        }
    }
    writer->fill = 0;
    writer->sent = 0;
    return true;
}

void tnf_frame_flush(tnf_frame_writer_t *writer)
{
    uint32_t since = tnf_port_uptime_ms();
    size_t sent = writer->sent;
    while (!tnf_frame_drain(writer)) {
        uint32_t now = tnf_port_uptime_ms();
        if (writer->sent != sent) {
            sent = writer->sent;
            since = now;
        } else if (writer->stalled || now - since >= TNF_STALL_MS) {
            writer->stalled = true;
            writer->sent = 0;
            writer->fill = 1;
            writer->bytes[0] = 0;
            return;
        }
    }
}

/* ---- receiving ---- */

/* What the bytes since the last 0x00 are. */
enum {
    SEGMENT_EMPTY,
    SEGMENT_ONE_BYTE, /* a COBS code or a letter: the next byte tells */
    SEGMENT_TEXT,
    SEGMENT_FRAME,
    SEGMENT_TOO_LONG,
};

static tnf_frame_event_t end_segment(tnf_frame_reader_t *reader)
{
    uint32_t state = reader->state;
    size_t size = reader->size;
    reader->state = SEGMENT_EMPTY;
    if (state < SEGMENT_FRAME) {
        return TNF_FRAME_PART;
    }
    reader->size = size - CRC_BYTES;
    bool whole = state == SEGMENT_FRAME && reader->left == 1 && size > CRC_BYTES &&
                 tnf_crc32(0, reader->payload, size) == CRC_RESIDUE;
    return whole ? TNF_FRAME_READY : TNF_FRAME_DAMAGED;
}

tnf_frame_event_t tnf_frame_feed(tnf_frame_reader_t *reader, uint8_t byte)
{
    if (byte == 0) {
        return end_segment(reader);
    }
    if (reader->state == SEGMENT_EMPTY) {
        reader->state = SEGMENT_ONE_BYTE;
        reader->size = 0;
        reader->code = byte;
        reader->left = byte;
        return TNF_FRAME_TEXT;
    }
    if (reader->state == SEGMENT_ONE_BYTE) {
        bool frame = reader->code > 1 && (byte & 0xe0) == 0xa0;
        reader->state = frame ? SEGMENT_FRAME : SEGMENT_TEXT;
    }
    if (reader->state == SEGMENT_TEXT) {
        return TNF_FRAME_TEXT;
    }
    if (--reader->left == 0) {
        bool zero = reader->code != FULL_BLOCK;
        reader->code = byte;
        reader->left = byte;
        if (!zero) {
            return TNF_FRAME_PART;
        }
        byte = 0;
    }
    if (reader->size == TNF_PAYLOAD_BYTES) {
        reader->state = SEGMENT_TOO_LONG;
    } else {
        reader->payload[reader->size++] = byte;
    }
    return TNF_FRAME_PART;
}
