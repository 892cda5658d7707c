/** @file
 * The names and numbers of tnf_messages.def, and how a request is taken apart.
 */
#ifndef TNF_MESSAGES_H
#define TNF_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tnf_status.h"

/** Limits: TNF_CHUNK_BYTES and so on. */
enum {
#define TNF_LIMIT(name, value) TNF_##name = (value),
#include "tnf_messages.def"
};

/** Field keys: TNF_KEY_DATA and so on. */
enum {
#define TNF_FIELD(name, key, type) TNF_KEY_##name = (key),
#include "tnf_messages.def"
};

/** Kinds of values: TNF_IS_UINT and so on. */
enum {
    TNF_IS_UINT,
    TNF_IS_UINT64,
    TNF_IS_INT,
    TNF_IS_FLOAT,
    TNF_IS_BYTES,
    TNF_IS_TEXT,
    TNF_IS_UINTS,
};

/** The kind of each field's value: TNF_KIND_DATA and so on. */
enum {
#define TNF_FIELD(name, key, type) TNF_KIND_##name = TNF_IS_##type,
#include "tnf_messages.def"
};

/** Message numbers: TNF_MESSAGE_INFER and so on. */
enum {
#define TNF_REQUEST(name, number, required, optional) TNF_MESSAGE_##name = (number),
#define TNF_REPLY(name, number, required, optional) TNF_MESSAGE_##name = (number),
#include "tnf_messages.def"
};

/** Keys of request fields are below this. */
#define TNF_REQUEST_KEYS 16

/** A request taken apart; a field that is absent is 0. */
typedef struct tnf_request {
    uint32_t present;                 /**< bit k: key k is there */
    uint32_t value[TNF_REQUEST_KEYS]; /**< by key; for DATA its size */
    const uint8_t *data;              /**< DATA, inside the payload; NULL without it */
} tnf_request_t;

/** Whether the request has the field with @p key. */
static inline bool tnf_request_has(const tnf_request_t *request, uint32_t key)
{
    return ((request->present >> key) & 1u) != 0;
}

/** Takes a payload apart; any context, ISR included.
 *  @param payload  a frame's payload without its CRC-32, kept while @p request is used
 *  @return TNF_BAD_MESSAGE: not a map, or no message this firmware knows; TNF_BAD_FIELD: a field
 *          is missing or of the wrong type. @p request holds what was read until then. */
tnf_status_t tnf_request_parse(const uint8_t *payload, size_t size, tnf_request_t *request);

#endif
