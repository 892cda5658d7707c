#include "tnf_frame.h"

#include "tnf_crc32.h"
#include "tnf_port.h"

#define CRC_BYTES 4
#define FULL_BLOCK 0xff /* the code of 254 bytes with no zero after them */

/* What the CRC-32 of anything and of its own CRC-32 after it, little endian, always is. */
#define CRC_RESIDUE 0x2144df1cu

/* ---- sending ---- */

/* Whether there is no room left; a frame that reaches this is too long. */
static bool full(const tnf_frame_writer_t *writer)
{
    return writer->fill == sizeof writer->bytes - 1;
}

static void put_raw(tnf_frame_writer_t *writer, uint8_t byte)
{
    if (!full(writer)) {
        writer->bytes[writer->fill++] = byte;
    }
}

static void open_block(tnf_frame_writer_t *writer)
{
    writer->block = writer->fill;
    put_raw(writer, 1);
}

static void put_byte(tnf_frame_writer_t *writer, uint8_t byte)
{
    if (writer->bytes[writer->block] == FULL_BLOCK) {
        /* Opened late: a frame may end with a full block, and then has no empty one after it. */
        open_block(writer);
    }
    if (byte == 0) {
        open_block(writer);
    } else {
        put_raw(writer, byte);
        writer->bytes[writer->block]++;
    }
}

void tnf_frame_begin(tnf_frame_writer_t *writer)
{
    writer->begin = writer->fill;
    writer->crc = 0;
    put_raw(writer, 0);
    open_block(writer);
}

void tnf_frame_put(tnf_frame_writer_t *writer, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    writer->crc = tnf_crc32(writer->crc, data, size);
    for (size_t i = 0; i < size; ++i) {
        put_byte(writer, bytes[i]);
    }
}

bool tnf_frame_end(tnf_frame_writer_t *writer)
{
    for (uint32_t i = 0; i < CRC_BYTES; ++i) {
        put_byte(writer, (uint8_t)writer->crc);
        writer->crc >>= 8;
    }
    put_raw(writer, 0);
    bool fits = !full(writer);
    if (!fits) {
        writer->fill = writer->begin;
    }
    return fits;
}

void tnf_frame_text(tnf_frame_writer_t *writer, uint8_t byte)
{
    if (full(writer)) {
        tnf_frame_flush(writer);
    }
    put_raw(writer, byte);
}

bool tnf_frame_drain(tnf_frame_writer_t *writer)
{
    size_t left = writer->fill - writer->sent;
    if (left > 0) {
        size_t taken = tnf_port_write(writer->bytes + writer->sent, left);
        writer->sent += taken;
        if (taken > 0) {
            writer->stalled = 0;
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
        } else if (writer->stalled != 0 || now - since >= TNF_STALL_MS) {
            writer->stalled = 1;
            writer->sent = 0;
            writer->fill = 0;
            put_raw(writer, 0);
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

bool tnf_frame_open(const tnf_frame_reader_t *reader)
{
    return reader->state >= SEGMENT_FRAME;
}

static tnf_frame_event_t end_segment(tnf_frame_reader_t *reader)
{
    bool frame = tnf_frame_open(reader);
    bool whole = reader->state == SEGMENT_FRAME && reader->left == 0 && reader->size > CRC_BYTES &&
                 tnf_crc32(0, reader->payload, reader->size) == CRC_RESIDUE;
    reader->state = SEGMENT_EMPTY;
    reader->size -= CRC_BYTES;
    return !frame ? TNF_FRAME_PART : whole ? TNF_FRAME_READY : TNF_FRAME_DAMAGED;
}

tnf_frame_event_t tnf_frame_feed(tnf_frame_reader_t *reader, uint8_t byte)
{
    if (byte == 0) {
        return end_segment(reader);
    }
    if (reader->state == SEGMENT_EMPTY) {
        reader->state = SEGMENT_ONE_BYTE;
        reader->code = byte;
        return TNF_FRAME_TEXT;
    }
    if (reader->state == SEGMENT_ONE_BYTE) {
        reader->state = SEGMENT_TEXT;
        if (reader->code > 1 && (byte & 0xe0) == 0xa0) {
            reader->state = SEGMENT_FRAME;
            reader->size = 0;
            reader->left = (uint8_t)(reader->code - 1);
        }
    }
    if (reader->state == SEGMENT_TEXT) {
        return TNF_FRAME_TEXT;
    }
    if (reader->left != 0) {
        reader->left--;
    } else {
        bool zero = reader->code != FULL_BLOCK;
        reader->code = byte;
        reader->left = (uint8_t)(byte - 1);
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
