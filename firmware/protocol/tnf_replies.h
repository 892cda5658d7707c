/** @file
 * What a session sends. Internal to the session and its parts: an application needs tnf_session.h
 * only.
 *
 * A message is a table of rows in flash: which field, where its value is, and as what it is
 * written. Appending a row adds a field.
 */
#ifndef TNF_REPLIES_H
#define TNF_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tnf_session.h"

/** Kinds of values beside those of tnf_messages.h. */
enum {
    TNF_IS_CONSTANT = 8, /**< the row's `at` itself, an unsigned integer */
    TNF_IS_OUTPUT = 9,   /**< the model's output, up to TNF_CHUNK_BYTES from a uint32_t offset on */
};

/** Kinds are below this. */
#define TNF_KINDS 16u

/** Where a value is: the sixteens of a row's `what`. */
enum {
    TNF_IN_SESSION = 0x00, /**< in the tnf_session_t */
    TNF_IN_CONFIG = 0x10,  /**< in the tnf_session_config_t */
    TNF_IN_FACTS = 0x20,   /**< in what tnf_send is given */
};

/** One field of a message. */
typedef struct tnf_row {
    uint8_t key;
    uint8_t what; /**< kind and place */
    uint16_t at;  /**< bytes from the beginning of the place */
} tnf_row_t;

/** A row whose field TNF_KEY_<field> is a member of the session, of its configuration, of the
 *  struct @p type that tnf_send is given, or a constant below 65,536. */
#define TNF_ROW_SESSION(field, member)                                                             \
    {TNF_KEY_##field, TNF_IN_SESSION + TNF_KIND_##field, offsetof(tnf_session_t, member)}
#define TNF_ROW_CONFIG(field, member)                                                              \
    {TNF_KEY_##field, TNF_IN_CONFIG + TNF_KIND_##field, offsetof(tnf_session_config_t, member)}
#define TNF_ROW_FACT(field, type, member)                                                          \
    {TNF_KEY_##field, TNF_IN_FACTS + TNF_KIND_##field, offsetof(type, member)}
#define TNF_ROW_OUTPUT(type, member)                                                               \
    {TNF_KEY_DATA, TNF_IN_FACTS + TNF_IS_OUTPUT, offsetof(type, member)}
#define TNF_ROW_CONSTANT(field, value) {TNF_KEY_##field, TNF_IS_CONSTANT, (value)}

/** The first two rows of every reply. Where the session's `unasked` is set, the second is left out:
 *  the same message that answers nothing. */
#define TNF_ROWS_REPLY(message)                                                                    \
    TNF_ROW_CONSTANT(TYPE, TNF_MESSAGE_##message), TNF_ROW_SESSION(SEQUENCE, sequence)

/** How many rows a table has. */
#define TNF_ROWS(table) (sizeof(table) / sizeof(table)[0])

/** A value that lies elsewhere: that of a row of kind BYTES, or UINTS. */
typedef struct tnf_span {
    const void *data; /**< bytes, or uint32_t */
    uint32_t size;    /**< how many of them */
} tnf_span_t;

/** Puts a message behind what has not gone out yet.
 *  @param facts  what rows of TNF_ROW_FACT take their values from; NULL where there are none
 *  @return whether it had room; else nothing is sent of it */
bool tnf_send(tnf_session_t *session, const TNF_FLASH tnf_row_t *rows, size_t count,
              const void *facts);

/** Sends how the last request ended, where there is nothing else to say: the session's status. */
void tnf_send_status(tnf_session_t *session);

/** Sends that a frame came in damaged; nobody knows whose sequence number it had. */
void tnf_send_damaged(tnf_session_t *session);

/** Sends who this is. */
void tnf_send_hello(tnf_session_t *session);

/** Sends the output of the last inference: where OUTPUT was asked for, up to TNF_CHUNK_BYTES from
 *  @p offset on, else a RESULT with its first TNF_CHUNK_BYTES and the count. */
void tnf_send_output(tnf_session_t *session, uint32_t offset);

/** Sends the telemetry. @param asked  as the reply to a request, else as a heartbeat */
void tnf_send_telemetry(tnf_session_t *session, bool asked);

#endif
