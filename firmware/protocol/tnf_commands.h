/** @file
 * The commands of the console for people. Internal to the session.
 */
#ifndef TNF_COMMANDS_H
#define TNF_COMMANDS_H

#include "tnf_session.h"

/** Writes the line that says who this is. */
void tnf_commands_greet(tnf_session_t *session);

/** Does what @p line asks, or says what may be asked. */
void tnf_commands_take(tnf_session_t *session, const char *line);

#endif
