#include "tnf_cbor.h"

#include <string.h>

/* Additional information in a head: up to 23 is the value, 24 to 27 say 1, 2, 4 or 8 bytes follow.
 */
#define INLINE_MAX 23u
#define ONE_BYTE 24u
#define FOUR_BYTES 26u
#define EIGHT_BYTES 27u

/* A head with so many bytes of the value after it, the highest first. */
static void put(tnf_frame_writer_t *writer, uint32_t head, uint32_t value, uint32_t bytes)
{
    uint8_t item[5];
    item[0] = (uint8_t)head;
    for (uint32_t i = bytes; i > 0; --i) {
        item[i] = (uint8_t)value;
        value >>= 8;
    }
    tnf_frame_put(writer, item, (size_t)bytes + 1);
}

void tnf_cbor_head(tnf_frame_writer_t *writer, uint32_t major, uint32_t value)
{
    uint32_t information = value <= INLINE_MAX ? value
                           : value <= 0xffu    ? ONE_BYTE
                           : value <= 0xffffu  ? ONE_BYTE + 1
                                               : FOUR_BYTES;
    put(writer, major << 5 | information, value,
        information < ONE_BYTE ? 0 : 1u << (information - ONE_BYTE));
}

void tnf_cbor_uint64(tnf_frame_writer_t *writer, uint64_t value)
{
    uint32_t low = (uint32_t)value;
    uint32_t high = (uint32_t)(value >> 32);
    if (high == 0) {
        tnf_cbor_head(writer, TNF_CBOR_UINT, low);
        return;
    }
    put(writer, EIGHT_BYTES, high, 4);
    put(writer, low >> 24, low, 3);
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
    put(writer, TNF_CBOR_SIMPLE << 5 | FOUR_BYTES, bits, 4);
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
