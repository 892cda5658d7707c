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

/** Writes an unsigned integer of up to 64 bits. */
void tnf_cbor_uint64(tnf_frame_writer_t *writer, uint64_t value);

/** Writes a signed integer. */
void tnf_cbor_int(tnf_frame_writer_t *writer, int32_t value);

/** Writes a float32. */
void tnf_cbor_float(tnf_frame_writer_t *writer, float value);

/** Writes a byte string. */
void tnf_cbor_bytes(tnf_frame_writer_t *writer, const void *data, size_t size);

/** Writes a text of at most TNF_TEXT_BYTES; a longer one is cut before a character. */
void tnf_cbor_text(tnf_frame_writer_t *writer, const char *text);

#endif
