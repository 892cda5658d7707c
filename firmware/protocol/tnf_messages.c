#include "tnf_messages.h"

#include <string.h>

#include "tnf_cbor.h"
#include "tnf_flash.h"

/* Additional information in a head: up to 23 is the value, from here on 1, 2 or 4 bytes follow. */
#define ONE_BYTE 24u
#define FOUR_BYTES 26u

#define KEY_BIT(key) ((key) < TNF_REQUEST_KEYS ? 1u << ((key) % TNF_REQUEST_KEYS) : 0u)

/* The fields whose value is a byte string; all others of requests are unsigned integers. */
static const uint32_t byte_fields = 0u
#define TNF_FIELD(name, key, type) | (TNF_IS_##type == TNF_IS_BYTES ? KEY_BIT(key) : 0u)
#include "tnf_messages.def"
    ;

/* What each request must have, by its number. */
#define KEY_BIT_NONE 0u
#define KEY_BIT_OFFSET KEY_BIT(TNF_KEY_OFFSET)
#define KEY_BIT_DATA KEY_BIT(TNF_KEY_DATA)
#define KEY_BIT_LAYER KEY_BIT(TNF_KEY_LAYER)
#define F(name) KEY_BIT_##name
static const TNF_FLASH uint16_t required_fields[] = {
#define TNF_REQUEST(name, number, required, optional)                                              \
    [number] = (uint16_t)((required) | KEY_BIT(TNF_KEY_TYPE) | KEY_BIT(TNF_KEY_SEQUENCE)),
#include "tnf_messages.def"
};

/* What is left of a payload, and the item that was read last. */
typedef struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    uint32_t value; /* integer, size, or number of pairs */
} cursor_t;

/* Reads an item, a byte string or text with its contents. Refuses what has no place in a request:
 * indefinite lengths, values of 64 bits, and all that is not whole.
 * @return its major type, or NOTHING */
#define NOTHING 8u
static uint32_t next(cursor_t *cursor)
{
    const uint8_t *at = cursor->at;
    size_t left = (size_t)(cursor->end - at);
    if (left == 0) {
        return NOTHING;
    }
    uint32_t head = *at++;
    uint32_t value = head & 31u;
    --left;
    if (value >= ONE_BYTE) {
        uint32_t bytes = 1u << (value - ONE_BYTE);
        if (value > FOUR_BYTES || bytes > left) {
            return NOTHING;
        }
        left -= (size_t)bytes;
        for (value = 0; bytes > 0; --bytes) {
            value = value << 8 | *at++;
        }
    }
    uint32_t major = head >> 5;
    if (major == TNF_CBOR_BYTES || major == TNF_CBOR_TEXT) {
        if (value > left) {
            return NOTHING;
        }
        at += value;
    }
    cursor->at = at;
    cursor->value = value;
    return major;
}

tnf_status_t tnf_request_parse(const uint8_t *payload, size_t size, tnf_request_t *request)
{
    cursor_t cursor = {payload, payload + size, 0};

    memset(request, 0, sizeof *request);
    if (next(&cursor) != TNF_CBOR_MAP) {
        return TNF_BAD_MESSAGE;
    }
    /* Each turn takes at least two bytes of the payload, so a count that lies ends in a failure. */
    for (uint32_t pairs = cursor.value; pairs > 0; --pairs) {
        if (next(&cursor) != TNF_CBOR_UINT) {
            return TNF_BAD_MESSAGE;
        }
        uint32_t key = cursor.value;
        uint32_t major = next(&cursor);
        if (major > TNF_CBOR_TEXT) {
            return TNF_BAD_FIELD;
        }
        if (key >= TNF_REQUEST_KEYS) {
            continue;
        }
        bool bytes = ((byte_fields >> key) & 1u) != 0;
        if (major != (uint32_t)(bytes ? TNF_CBOR_BYTES : TNF_CBOR_UINT)) {
            return TNF_BAD_FIELD;
        }
        request->present |= 1u << key;
        request->value[key] = cursor.value;
        if (bytes) {
            request->data = cursor.at - cursor.value;
        }
    }
    uint32_t type = request->value[TNF_KEY_TYPE];
    if (cursor.at != cursor.end || type >= sizeof required_fields / sizeof required_fields[0] ||
        required_fields[type] == 0) {
        return TNF_BAD_MESSAGE;
    }
    return (required_fields[type] & ~request->present) != 0 ? TNF_BAD_FIELD : TNF_OK;
}
