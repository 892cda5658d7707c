/** @file
 * What a session does with its model, beside what tnf_session.h offers to applications. Internal to
 * the session.
 */
#ifndef TNF_RUN_H
#define TNF_RUN_H

#include "tnf_session.h"

/** Runs one inference for a request INFER. After one of the application's it begins a stream of its
 *  own: what the model keeps of a sensor's samples is not the host's to ask for. */
void tnf_run_inference(tnf_session_t *session, const tnf_request_t *request);

/** Runs one inference layer by layer, for a request LAYERS or DUMP, and sends of each what is
 * asked: a run of its own, before and after which nothing is remembered. */
void tnf_run_observed(tnf_session_t *session, const tnf_request_t *request);

#endif
