/** @file
 * The application, as start-up sees it: main() calls it, or the SDK's own way to begin.
 */
#ifndef TNF_APPLICATION_H
#define TNF_APPLICATION_H

/** Brings up the port and begins the session. Called once, first. */
void tnf_application_start(void);

/** One round of the main loop, for ever again. Returns within milliseconds when nothing is asked,
 *  else after what was asked. */
void tnf_application_poll(void);

#endif
