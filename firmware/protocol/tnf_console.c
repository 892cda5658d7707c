#include "tnf_console.h"

#include <stddef.h>

#define DECIMAL_DIGITS 10 /* of the largest uint32_t */

void tnf_console_reset(tnf_console_t *console)
{
    console->size = 0;
    console->strange = false;
}

const char *tnf_console_feed(tnf_console_t *console, uint8_t byte)
{
    if (byte == '\r' || byte == '\n') {
        bool command = console->size > 0 && !console->strange;
        console->line[console->size] = '\0';
        tnf_console_reset(console);
        return command ? console->line : NULL;
    }
    if (byte < ' ' || byte > '~' || console->size == TNF_CONSOLE_LINE) {
        console->strange = true;
    } else {
        console->line[console->size++] = (char)byte;
    }
    return NULL;
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
