/** @file
 * The part of CBOR (RFC 8949) that the protocol needs: definite lengths, 32-bit values.
 *
 * Writing goes straight into a frame. Reading never leaves the payload, never recurses and refuses
 * what it does not know.
 */
#ifndef TNF_CBOR_H
#define TNF_CBOR_H

#include <stdbool.h>
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

/** What is left to read. */
typedef struct tnf_cbor_reader {
    const uint8_t *at;
    const uint8_t *end;
} tnf_cbor_reader_t;

/** One item's head, and the contents of a byte string or text. */
typedef struct tnf_cbor_item {
    uint32_t major;
    uint32_t value;      /**< integer, size, number of items or pairs, tag; 0 for TNF_CBOR_SIMPLE */
    const uint8_t *data; /**< contents of a byte string or text, else NULL */
} tnf_cbor_item_t;

/** Reads one item; the items of an array, map or tag follow it.
 *  @return false at the end, for indefinite lengths, for integers over 32 bits */
bool tnf_cbor_next(tnf_cbor_reader_t *reader, tnf_cbor_item_t *item);

/** Passes over one item with all that is in it. @return false as tnf_cbor_next */
bool tnf_cbor_skip(tnf_cbor_reader_t *reader);

#endif
