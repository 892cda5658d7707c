#include "tnf_cbor.h"

/* Additional information in a head: up to 23 is the value, 24 to 27 say 1, 2, 4 or 8 bytes follow.
 */
#define INLINE_MAX 23u
#define ONE_BYTE 24u

void tnf_cbor_put(tnf_frame_writer_t *writer, uint32_t head, const void *value, uint32_t bytes)
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
    tnf_cbor_put(writer, major << 5 | information, &value, bytes);
}
