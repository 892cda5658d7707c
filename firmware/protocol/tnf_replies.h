/** @file
 * What a session sends. Internal to the session: an application needs tnf_session.h only.
 */
#ifndef TNF_REPLIES_H
#define TNF_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tnf_session.h"

/** Sends how the request ended, where there is nothing else to say. */
void tnf_send_status(tnf_session_t *session, tnf_status_t status);

/** Sends that a frame came in damaged; nobody knows whose sequence number it had. */
void tnf_send_damaged(tnf_session_t *session);

/** Sends who this is. */
void tnf_send_hello(tnf_session_t *session);

/** Sends the count and the first TNF_CHUNK_BYTES of the output of the last inference. */
void tnf_send_result(tnf_session_t *session);

/** Sends up to TNF_CHUNK_BYTES of @p data, which has @p bytes, from @p offset on. */
void tnf_send_chunk(tnf_session_t *session, const int8_t *data, size_t bytes, size_t offset);

/** Sends a layer's checksum and count. */
void tnf_send_layer(tnf_session_t *session, uint32_t index, const int8_t *output, size_t bytes,
                    uint32_t count);

/** Sends the telemetry. @param asked  as the reply to a request, else as a heartbeat */
void tnf_send_telemetry(tnf_session_t *session, bool asked);

#endif
