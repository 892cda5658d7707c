/** @file
 * The commands of the console for people. Internal to the session.
 */
#ifndef TNF_COMMANDS_H
#define TNF_COMMANDS_H

#include "tnf_session.h"

/** Writes the line that says who this is and what may be asked. */
void tnf_commands_greet(tnf_session_t *session);

/** Does what @p line asks. One that asks nothing is answered with the same line as above, which
 *  names the commands, and holds no heartbeats back: it may have been noise. */
void tnf_commands_take(tnf_session_t *session, const char *line);

#endif
