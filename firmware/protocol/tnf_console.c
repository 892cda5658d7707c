#include "tnf_console.h"

#include <stddef.h>

#define BACKSPACE 0x08 /* or DELETE: terminals differ */
#define DELETE 0x7f
#define DECIMAL_DIGITS 10 /* of the largest uint32_t */

void tnf_console_reset(tnf_console_t *console)
{
    console->size = 0;
    console->strange = false;
}

const char *tnf_console_feed(tnf_console_t *console, tnf_frame_writer_t *echo, uint8_t byte)
{
    char *end = console->line + console->size;
    const char *shown = end;
    const char *command = NULL;
    if (byte == '\r' || byte == '\n' || byte == '%') {
        bool whole = console->size > 0 && !console->strange;
        tnf_console_reset(console);
        if (!whole) {
            return NULL;
        }
        command = console->line;
        shown = "\r\n";
    } else if (byte == BACKSPACE || byte == DELETE) {
        if (console->size == 0) {
            return NULL;
        }
        console->size--;
        end[-1] = '\0';
        shown = "\b \b";
    } else if (byte < ' ' || byte > '~') {
        console->strange = true;
    } else if (console->size == TNF_CONSOLE_LINE) {
        console->line[0] = '\0'; /* too long */
        return NULL;
    } else {
        console->size++;
        end[0] = (char)byte;
        end[1] = '\0';
    }
    if (!console->quiet && !console->strange) {
        tnf_console_text(echo, shown);
    }
    return command;
}

void tnf_console_text(tnf_frame_writer_t *out, const char *text)
{
    for (; *text != '\0'; ++text) {
        tnf_frame_text(out, (uint8_t)*text);
    }
}

void tnf_console_number(tnf_frame_writer_t *out, uint32_t value)
{
    char digits[DECIMAL_DIGITS + 1];
    char *first = digits + DECIMAL_DIGITS;
    *first = '\0';
    do {
        *--first = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    tnf_console_text(out, first);
}
