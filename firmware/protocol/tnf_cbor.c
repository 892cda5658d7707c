#include "tnf_cbor.h"

/* Additional information in a head: up to 23 is the value, 24 to 27 say 1, 2, 4 or 8 bytes follow.
 */
#define INLINE_MAX 23u
#define ONE_BYTE 24u
#define FOUR_BYTES 26u
#define EIGHT_BYTES 27u

/* A head with so many bytes of the value after it, the highest first. All processors that there
 * are ports for keep the lowest first. */
static void put(tnf_frame_writer_t *writer, uint32_t head, const void *value, uint32_t bytes)
{
    uint8_t item[9];
    uint8_t *to = item;
    *to++ = (uint8_t)head;
    while (bytes > 0) {
        *to++ = ((const uint8_t *)value)[--bytes];
    }
    tnf_frame_put(writer, item, (size_t)(to - item));
}

void tnf_cbor_head(tnf_frame_writer_t *writer, uint32_t major, uint32_t value)
{
    uint32_t information = value;
    uint32_t bytes = 0;
    if (value > INLINE_MAX) {
        information = value <= 0xffu ? 0 : value <= 0xffffu ? 1 : 2;
        bytes = 1u << information;
        information += ONE_BYTE;
    }
    put(writer, major << 5 | information, &value, bytes);
}

void tnf_cbor_uint64(tnf_frame_writer_t *writer, uint64_t value)
{
    if (value >> 32 != 0) {
        put(writer, EIGHT_BYTES, &value, sizeof value);
    } else {
        tnf_cbor_head(writer, TNF_CBOR_UINT, (uint32_t)value);
    }
}

void tnf_cbor_int(tnf_frame_writer_t *writer, int32_t value)
{
    /* A negative one is written as -1 - value. */
    tnf_cbor_head(writer, (uint32_t)(value < 0 ? TNF_CBOR_NEGATIVE : TNF_CBOR_UINT),
                  (uint32_t)(value < 0 ? ~value : value));
}

void tnf_cbor_float(tnf_frame_writer_t *writer, float value)
{
    put(writer, TNF_CBOR_SIMPLE << 5 | FOUR_BYTES, &value, sizeof value);
}

void tnf_cbor_bytes(tnf_frame_writer_t *writer, const void *data, size_t size)
{
    tnf_cbor_head(writer, TNF_CBOR_BYTES, (uint32_t)size);
    tnf_frame_put(writer, data, size);
}

void tnf_cbor_text(tnf_frame_writer_t *writer, const char *text)
{
    size_t size = 0;
    size_t whole = 0; /* characters of UTF-8 end here */
    while (text[size] != '\0' && size < TNF_TEXT_BYTES) {
        ++size;
        whole = ((uint8_t)text[size] & 0xc0) == 0x80 ? whole : size;
    }
    tnf_cbor_head(writer, TNF_CBOR_TEXT, (uint32_t)whole);
    tnf_frame_put(writer, text, whole);
}
