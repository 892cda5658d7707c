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

/** Writes field DATA: up to TNF_CHUNK_BYTES of all outputs of the last inference. */
void tnf_put_output(tnf_session_t *session, uint32_t offset);

/** Sends up to TNF_CHUNK_BYTES of all outputs from @p offset on. */
void tnf_send_output(tnf_session_t *session, uint32_t offset);

/** Sends @p data, at most TNF_CHUNK_BYTES, which are @p offset bytes into something of @p all. */
void tnf_send_chunk(tnf_session_t *session, uint32_t all, uint32_t offset, const int8_t *data,
                    size_t bytes);

/** Sends a layer's size, checksum and count. */
void tnf_send_layer(tnf_session_t *session, uint32_t index, uint32_t bytes, uint32_t crc32,
                    uint32_t count);

/** Sends the telemetry. @param asked  as the reply to a request, else as a heartbeat */
void tnf_send_telemetry(tnf_session_t *session, bool asked);

#endif
