#include "tnf_cbor.h"

#include <string.h>

/* Additional information in a head: up to 23 is the value, 24 to 27 say 1, 2, 4 or 8 bytes follow.
 */
#define INLINE_MAX 23u
#define ONE_BYTE 24u
#define FOUR_BYTES 26u
#define EIGHT_BYTES 27u

static void put_head(tnf_frame_writer_t *writer, uint32_t major, uint32_t information,
                     uint32_t value)
{
    uint8_t head[5];
    size_t size = 0;
    head[size++] = (uint8_t)(major << 5 | information);
    if (information >= ONE_BYTE) {
        for (uint32_t left = 1u << (information - ONE_BYTE); left > 0; --left) {
            head[size++] = (uint8_t)(value >> (8 * (left - 1)));
        }
    }
    tnf_frame_put(writer, head, size);
}

void tnf_cbor_head(tnf_frame_writer_t *writer, uint32_t major, uint32_t value)
{
    uint32_t information = value <= INLINE_MAX ? value
                           : value <= 0xffu    ? ONE_BYTE
                           : value <= 0xffffu  ? ONE_BYTE + 1
                                               : FOUR_BYTES;
    put_head(writer, major, information, value);
}

void tnf_cbor_uint64(tnf_frame_writer_t *writer, uint64_t value)
{
    uint8_t bytes[9];
    if (value <= UINT32_MAX) {
        tnf_cbor_head(writer, TNF_CBOR_UINT, (uint32_t)value);
        return;
    }
    bytes[0] = EIGHT_BYTES;
    for (uint32_t i = 0; i < 8; ++i) {
        bytes[8 - i] = (uint8_t)(value >> (8 * i));
    }
    tnf_frame_put(writer, bytes, sizeof bytes);
}

void tnf_cbor_int(tnf_frame_writer_t *writer, int32_t value)
{
    if (value < 0) {
        tnf_cbor_head(writer, TNF_CBOR_NEGATIVE, ~(uint32_t)value); /* -1 - value */
    } else {
        tnf_cbor_head(writer, TNF_CBOR_UINT, (uint32_t)value);
    }
}

void tnf_cbor_float(tnf_frame_writer_t *writer, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_head(writer, TNF_CBOR_SIMPLE, FOUR_BYTES, bits);
}

void tnf_cbor_bytes(tnf_frame_writer_t *writer, const void *data, size_t size)
{
    tnf_cbor_head(writer, TNF_CBOR_BYTES, (uint32_t)size);
    tnf_frame_put(writer, data, size);
}

void tnf_cbor_text(tnf_frame_writer_t *writer, const char *text)
{
    size_t size = 0;
    while (text[size] != '\0' && size < TNF_TEXT_BYTES) {
        ++size;
    }
    while (size > 0 && ((uint8_t)text[size] & 0xc0) == 0x80) {
        --size; /* not inside a UTF-8 character */
    }
    tnf_cbor_head(writer, TNF_CBOR_TEXT, (uint32_t)size);
    tnf_frame_put(writer, text, size);
}

bool tnf_cbor_next(tnf_cbor_reader_t *reader, tnf_cbor_item_t *item)
{
    if (reader->at == reader->end) {
        return false;
    }
    uint32_t head = *reader->at++;
    uint32_t information = head & 31u;
    item->major = head >> 5;
    item->value = information;
    item->data = NULL;
    if (information > EIGHT_BYTES) {
        return false; /* reserved, or an indefinite length */
    }
    if (information >= ONE_BYTE) {
        size_t size = (size_t)1 << (information - ONE_BYTE);
        if ((size_t)(reader->end - reader->at) < size) {
            return false;
        }
        item->value = 0;
        for (size_t i = 0; i < size; ++i) {
            if (item->value >> 24 != 0 && item->major != TNF_CBOR_SIMPLE) {
                return false; /* over 32 bits */
            }
            item->value = item->value << 8 | *reader->at++;
        }
    }
    if (item->major == TNF_CBOR_SIMPLE) {
        item->value = 0;
    } else if (item->major == TNF_CBOR_BYTES || item->major == TNF_CBOR_TEXT) {
        if ((size_t)(reader->end - reader->at) < item->value) {
            return false;
        }
        item->data = reader->at;
        reader->at += item->value;
    }
    return true;
}

bool tnf_cbor_skip(tnf_cbor_reader_t *reader)
{
    tnf_cbor_item_t item;
    /* Counts what is still to come instead of calling itself. */
    for (uint32_t open = 1; open > 0; --open) {
        if (!tnf_cbor_next(reader, &item)) {
            return false;
        }
        if (item.major == TNF_CBOR_TAG) {
            open += 1;
        } else if (item.major == TNF_CBOR_ARRAY || item.major == TNF_CBOR_MAP) {
            if (item.value > TNF_PAYLOAD_BYTES) {
                return false; /* more items than bytes */
            }
            open += item.major == TNF_CBOR_MAP ? 2 * item.value : item.value;
        }
    }
    return true;
}
