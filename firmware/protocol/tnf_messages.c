#include "tnf_messages.h"

#include <string.h>

#include "tnf_cbor.h"
#include "tnf_flash.h"

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

tnf_status_t tnf_request_parse(const uint8_t *payload, size_t size, tnf_request_t *request)
{
    tnf_cbor_reader_t reader = {payload, payload + size};
    tnf_cbor_item_t item;

    memset(request, 0, sizeof *request);
    if (!tnf_cbor_next(&reader, &item) || item.major != TNF_CBOR_MAP) {
        return TNF_BAD_MESSAGE;
    }
    /* Each turn takes at least two bytes of the payload, so a count that lies ends in a failure. */
    for (uint32_t pairs = item.value; pairs > 0; --pairs) {
        if (!tnf_cbor_next(&reader, &item) || item.major != TNF_CBOR_UINT) {
            return TNF_BAD_MESSAGE;
        }
        uint32_t key = item.value;
        if (key >= TNF_REQUEST_KEYS) {
            if (!tnf_cbor_skip(&reader)) {
                return TNF_BAD_MESSAGE;
            }
            continue;
        }
        uint32_t wanted = ((byte_fields >> key) & 1u) != 0 ? TNF_CBOR_BYTES : TNF_CBOR_UINT;
        if (!tnf_cbor_next(&reader, &item) || item.major != wanted) {
            return TNF_BAD_FIELD;
        }
        request->present |= 1u << key;
        request->value[key] = item.value;
        if (key == TNF_KEY_DATA) {
            request->data = item.data;
        }
    }
    if (reader.at != reader.end) {
        return TNF_BAD_MESSAGE;
    }
    uint32_t type = request->value[TNF_KEY_TYPE];
    if (type >= sizeof required_fields / sizeof required_fields[0] || required_fields[type] == 0) {
        return TNF_BAD_MESSAGE;
    }
    return (required_fields[type] & ~request->present) != 0 ? TNF_BAD_FIELD : TNF_OK;
}
