/** @file
 * Frames on the wire: 0x00 COBS(payload, CRC-32 of payload little endian) 0x00.
 *
 * The writer is what goes out: frames, and text between them, in constant memory, handed to
 * tnf_port_write as the port takes it. The reader takes one byte at a time, keeps at most
 * TNF_PAYLOAD_BYTES and finds its way back at the next 0x00. What stands between two 0x00 is a
 * frame when it may begin one, that is when its first decoded byte is the head of a CBOR map; else
 * it is text.
 *
 * The reader may be used in any context, ISR included; the writer's functions, which call the
 * port, belong to the main loop.
 */
#ifndef TNF_FRAME_H
#define TNF_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tnf_messages.h"

/** Bytes of the longest frame: its payload, a COBS code for every 254 bytes, two 0x00, and one. */
#define TNF_FRAME_BYTES (TNF_PAYLOAD_BYTES + 8)

/** A port that takes nothing for so long while somebody waits for it loses what is left. */
#define TNF_STALL_MS 1000

/** What goes out. All zero is an empty one. The members are its own. */
typedef struct tnf_frame_writer {
    size_t fill;   /**< bytes in `bytes` */
    size_t sent;   /**< of them, those that the port has taken */
    size_t begin;  /**< where the open frame begins */
    bool too_long; /**< something did not fit into it */
    bool stalled;  /**< the port has taken nothing since something was dropped */
    uint8_t bytes[TNF_FRAME_BYTES];
} tnf_frame_writer_t;

/** Begins a frame, behind what has not gone out yet. */
void tnf_frame_begin(tnf_frame_writer_t *writer);

/** Appends to the payload. */
void tnf_frame_put(tnf_frame_writer_t *writer, const void *data, size_t size);

/** Appends the CRC-32 and ends the frame.
 *  @return whether it had room; else it is dropped whole */
bool tnf_frame_end(tnf_frame_writer_t *writer);

/** Appends a byte of text; never inside a frame. Waits for room like tnf_frame_flush. */
void tnf_frame_text(tnf_frame_writer_t *writer, uint8_t byte);

/** Hands over what the port takes without waiting. @return whether nothing is left */
bool tnf_frame_drain(tnf_frame_writer_t *writer);

/** Waits until all is handed over, but no longer than until the port has taken nothing for
 *  TNF_STALL_MS: then what is left is dropped, and a 0x00 ends what went out of it. After that
 *  nothing is waited for until the port takes something again. */
void tnf_frame_flush(tnf_frame_writer_t *writer);

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
    uint8_t left;  /**< bytes until the next code */
    uint8_t payload[TNF_PAYLOAD_BYTES];
} tnf_frame_reader_t;

/** Takes one byte; any context, ISR included. */
tnf_frame_event_t tnf_frame_feed(tnf_frame_reader_t *reader, uint8_t byte);

#endif
