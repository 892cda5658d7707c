/** @file
 * Capture: raw samples for the host, once a person has said so on the device.
 *
 * Off after every start. What switches it on is the device's own: the application that calls
 * tnf_capture_allow when a button is pressed, or a person who types `capture on` on its console. No
 * request of the protocol does. Each change is told on the console and as a log line.
 *
 * The host pulls (CAPTURE). The next window is prepared into the model's input, in the arena, and
 * stays there until the host has read it by offset and releases it, or a time limit passes; then it
 * is classified like any other, and the output is the answer to the release. Nothing is copied,
 * nothing waits. Windows that go by meanwhile are dropped and counted; the one that was held is
 * classified late, which is no deadline miss. A host that uses the model ends it all.
 */
#ifndef TNF_CAPTURE_H
#define TNF_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "tnf_sensing.h"

/** What the hello tells (CAPTURE). */
enum {
    TNF_CAPTURE_ABSENT = 0,
    TNF_CAPTURE_OFF = 1,
    TNF_CAPTURE_ON = 2,
};

/** How far a sample is. */
typedef enum tnf_capture_step {
    TNF_CAPTURE_IDLE = 0,   /**< nobody asks */
    TNF_CAPTURE_WANTED = 1, /**< the next window is to be held */
    TNF_CAPTURE_HELD = 2,   /**< the arena holds it */
    TNF_CAPTURE_DONE = 3,   /**< the arena holds its output */
} tnf_capture_step_t;

/** One capture. The members are its own. */
typedef struct tnf_capture {
    tnf_sensing_t *sensing;
    tnf_capture_step_t step;
    uint32_t hold_ms;               /**< longest time between two requests of the host */
    uint32_t asked_at_ms;           /**< uptime of the last one */
    uint32_t sample;                /**< number of the last one, from 1; 0 before the first */
    uint32_t crc32;                 /**< of its input */
    uint32_t count;                 /**< of its inference */
    uint32_t offset;                /**< where the chunk that is asked for begins */
    uint32_t past;                  /**< next windows that began before it was switched on */
    const tnf_console_part_t *next; /**< who is asked for the console's other lines, or NULL */
} tnf_capture_t;

/** The application's, for whatever part of it knows the button: tnf_capture_allow(&tnf_capture,
 * true).
 */
extern tnf_capture_t tnf_capture;

/** Capture that is off; after tnf_session_init, before tnf_sensing_init.
 *  @param sensing  whose configuration has TNF_CAPTURE_TAP(capture) as its `tap`
 *  @param session  the same as sensing's
 *  @param hold_ms  how long a sample is held for a host that is silent, over 0
 *  @param next     who is asked for the lines of the console that are not capture's, or NULL */
void tnf_capture_init(tnf_capture_t *capture, tnf_sensing_t *sensing, tnf_session_t *session,
                      uint32_t hold_ms, const tnf_console_part_t *next);

/** Switches capture on or off, and tells so where that is a change. What was sensed before it is
 *  switched on is never held, and a sample that is held is not readable any more when it is
 * switched off. Main loop only: an ISR sets a flag for it. */
void tnf_capture_allow(tnf_capture_t *capture, bool allowed);

/** Takes the console's lines `capture`, `capture on` and `capture off`, see TNF_CAPTURE_CONSOLE.
 *  @return whether the line was one of them, or one of the next part's */
bool tnf_capture_line(void *context, const char *line);

/** What sensing calls, see TNF_CAPTURE_TAP. */
bool tnf_capture_holds(void *context, bool prepared);
tnf_status_t tnf_capture_take(void *context, const tnf_request_t *request);
void tnf_capture_answer(void *context);

/** A tnf_tap_t for the member `tap` of a sensing's configuration. */
#define TNF_CAPTURE_TAP(capture)                                                                   \
    {tnf_capture_holds, tnf_capture_take, tnf_capture_answer, (capture)}

/** A tnf_console_part_t for the member `console` of a session's configuration. */
#define TNF_CAPTURE_CONSOLE(capture) {tnf_capture_line, (capture)}

#endif
