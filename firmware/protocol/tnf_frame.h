/** @file
 * Frames on the wire: 0x00 COBS(payload, CRC-32 of payload little endian) 0x00.
 *
 * The writer streams to tnf_port_write and never holds a whole frame. The reader takes one byte at
 * a time, keeps at most TNF_PAYLOAD_BYTES and finds its way back at the next 0x00. What stands
 * between two 0x00 is a frame when it may begin one, that is when its first decoded byte is the
 * head of a CBOR map; else it is text.
 */
#ifndef TNF_FRAME_H
#define TNF_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tnf_messages.h"

/** Bytes collected before they are handed to the port; holds at least two COBS blocks. */
#define TNF_STAGE_BYTES 512

/** A frame being sent. */
typedef struct tnf_frame_writer {
    uint8_t stage[TNF_STAGE_BYTES];
    size_t fill;  /**< bytes in the stage */
    size_t block; /**< where the open COBS block begins in it */
    uint32_t crc;
} tnf_frame_writer_t;

/** Begins a frame. */
void tnf_frame_begin(tnf_frame_writer_t *writer);

/** Appends to the payload. */
void tnf_frame_put(tnf_frame_writer_t *writer, const void *data, size_t size);

/** Appends the CRC-32, ends the frame and hands all of it to the port. */
void tnf_frame_end(tnf_frame_writer_t *writer);

/** What a byte was. */
typedef enum tnf_frame_event {
    TNF_FRAME_TEXT,    /**< a byte of text, or the first after 0x00, which may be either */
    TNF_FRAME_PART,    /**< a byte of a frame, or a lone 0x00 */
    TNF_FRAME_READY,   /**< the end of a frame: its payload is in the reader until the next byte */
    TNF_FRAME_DAMAGED, /**< the end of a frame that is not whole, or too long */
} tnf_frame_event_t;

/** A frame being received. All zero is a reader that has seen nothing. */
typedef struct tnf_frame_reader {
    size_t size;   /**< payload bytes so far; when READY, those of the CBOR map */
    uint8_t state; /**< see tnf_frame.c */
    uint8_t code;  /**< the open COBS block's code */
    uint8_t left;  /**< bytes that block still has */
    uint8_t payload[TNF_PAYLOAD_BYTES];
} tnf_frame_reader_t;

/** Whether a frame has begun to come in. */
bool tnf_frame_open(const tnf_frame_reader_t *reader);

/** Takes one byte; any context, ISR included. */
tnf_frame_event_t tnf_frame_feed(tnf_frame_reader_t *reader, uint8_t byte);

#endif
