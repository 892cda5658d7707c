/** @file
 * The part of CBOR (RFC 8949) that replies are written in, straight into a frame. Requests are read
 * by tnf_request_parse.
 */
#ifndef TNF_CBOR_H
#define TNF_CBOR_H

#include <stddef.h>
#include <stdint.h>

#include "tnf_frame.h"

/** Major types. */
enum {
    TNF_CBOR_UINT = 0,
    TNF_CBOR_NEGATIVE = 1,
    TNF_CBOR_BYTES = 2,
    TNF_CBOR_TEXT = 3,
    TNF_CBOR_ARRAY = 4,
    TNF_CBOR_MAP = 5,
    TNF_CBOR_TAG = 6,
    TNF_CBOR_SIMPLE = 7, /**< false, true, null and floats */
};

/** Writes the head of an item: an unsigned integer, or the size of what follows. */
void tnf_cbor_head(tnf_frame_writer_t *writer, uint32_t major, uint32_t value);

/** Heads of values whose size never varies. */
enum {
    TNF_CBOR_UINT64 = 0x1b,
    TNF_CBOR_FLOAT = 0xfa, /**< float32 */
};

/** Writes a head and so many bytes of a value after it, the highest first. All processors that
 * there are ports for keep the lowest first. */
void tnf_cbor_put(tnf_frame_writer_t *writer, uint32_t head, const void *value, uint32_t bytes);

#endif
