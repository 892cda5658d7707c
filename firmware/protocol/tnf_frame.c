#include "tnf_frame.h"

#include "tnf_crc32.h"
#include "tnf_port.h"

#define CRC_BYTES 4
#define FULL_BLOCK 0xff /* the code of 254 bytes with no zero after them */

static void open_block(tnf_frame_writer_t *writer)
{
    /* A block is never split: its code, which goes first, is known when it ends. There is always
     * room for the 0x00 after the last one. */
    if (writer->fill + FULL_BLOCK + 1 > TNF_STAGE_BYTES) {
        tnf_port_write(writer->stage, writer->fill);
        writer->fill = 0;
    }
    writer->block = writer->fill++;
}

static void close_block(tnf_frame_writer_t *writer)
{
    writer->stage[writer->block] = (uint8_t)(writer->fill - writer->block);
}

static void put_byte(tnf_frame_writer_t *writer, uint8_t byte)
{
    if (writer->fill - writer->block == FULL_BLOCK) {
        /* Opened late: a frame may end with a full block, and then has no empty one after it. */
        close_block(writer);
        open_block(writer);
    }
    if (byte == 0) {
        close_block(writer);
        open_block(writer);
    } else {
        writer->stage[writer->fill++] = byte;
    }
}

void tnf_frame_begin(tnf_frame_writer_t *writer)
{
    writer->stage[0] = 0;
    writer->fill = 1;
    writer->crc = 0;
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

void tnf_frame_end(tnf_frame_writer_t *writer)
{
    for (uint32_t i = 0; i < CRC_BYTES; ++i) {
        put_byte(writer, (uint8_t)(writer->crc >> (8 * i)));
    }
    close_block(writer);
    writer->stage[writer->fill++] = 0;
    tnf_port_write(writer->stage, writer->fill);
}

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
    uint8_t state = reader->state;
    reader->state = SEGMENT_EMPTY;
    if (state == SEGMENT_TOO_LONG) {
        return TNF_FRAME_DAMAGED;
    }
    if (state != SEGMENT_FRAME) {
        return TNF_FRAME_PART;
    }
    if (reader->left != 0 || reader->size <= CRC_BYTES) {
        return TNF_FRAME_DAMAGED;
    }
    reader->size -= CRC_BYTES;
    uint32_t crc = tnf_crc32(0, reader->payload, reader->size);
    for (uint32_t i = 0; i < CRC_BYTES; ++i) {
        if (reader->payload[reader->size + i] != (uint8_t)(crc >> (8 * i))) {
            return TNF_FRAME_DAMAGED;
        }
    }
    return TNF_FRAME_READY;
}

static void append(tnf_frame_reader_t *reader, uint8_t byte)
{
    if (reader->size == TNF_PAYLOAD_BYTES) {
        reader->state = SEGMENT_TOO_LONG;
    } else {
        reader->payload[reader->size++] = byte;
    }
}

bool tnf_frame_open(const tnf_frame_reader_t *reader)
{
    return reader->state >= SEGMENT_FRAME;
}

tnf_frame_event_t tnf_frame_feed(tnf_frame_reader_t *reader, uint8_t byte)
{
    if (byte == 0) {
        return end_segment(reader);
    }
    switch (reader->state) {
    case SEGMENT_EMPTY:
        reader->state = SEGMENT_ONE_BYTE;
        reader->code = byte;
        return TNF_FRAME_TEXT;
    case SEGMENT_ONE_BYTE:
        if (reader->code < 2 || (byte & 0xe0) != 0xa0) {
            reader->state = SEGMENT_TEXT;
            return TNF_FRAME_TEXT;
        }
        reader->state = SEGMENT_FRAME;
        reader->size = 0;
        reader->left = (uint8_t)(reader->code - 2);
        append(reader, byte);
        return TNF_FRAME_PART;
    case SEGMENT_TEXT:
        return TNF_FRAME_TEXT;
    case SEGMENT_FRAME:
        if (reader->left != 0) {
            reader->left--;
            append(reader, byte);
        } else {
            if (reader->code != FULL_BLOCK) {
                append(reader, 0);
            }
            reader->code = byte;
            reader->left = (uint8_t)(byte - 1);
        }
        return TNF_FRAME_PART;
    default:
        return TNF_FRAME_PART;
    }
}
