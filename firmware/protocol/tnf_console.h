/** @file
 * The console for people: lines of text between the frames. Any terminal will do.
 */
#ifndef TNF_CONSOLE_H
#define TNF_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "tnf_frame.h"

/** Longest line that is looked at. */
#define TNF_CONSOLE_LINE 80

/** A line being typed. All zero is an empty one. */
typedef struct tnf_console {
    uint8_t size;
    bool strange; /**< not printable ASCII: no command */
    bool quiet;   /**< what comes is not shown, for a program sends it */
    char line[TNF_CONSOLE_LINE + 1];
} tnf_console_t;

/** Takes a byte of text. A line ends with a carriage return, a line feed or '%'; a backspace takes
 *  the last character back.
 *  @param echo  where what is typed is shown, unless the console is quiet
 *  @return the line, without its end, when @p byte ends one that is not empty; else NULL. One over
 *          TNF_CONSOLE_LINE is empty. It is valid until the next call. */
const char *tnf_console_feed(tnf_console_t *console, tnf_frame_writer_t *echo, uint8_t byte);

/** Forgets what was typed so far. */
void tnf_console_reset(tnf_console_t *console);

/** Writes @p text behind what has not gone out yet; waits for room like tnf_frame_text. */
void tnf_console_text(tnf_frame_writer_t *out, const char *text);

/** Writes @p value in decimal. */
void tnf_console_number(tnf_frame_writer_t *out, uint32_t value);

#endif
