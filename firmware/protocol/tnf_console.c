#include "tnf_console.h"

#include <stddef.h>

#include "tnf_port.h"

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

void tnf_console_text(const char *text)
{
    for (; *text != '\0'; ++text) {
        tnf_port_write((const uint8_t *)text, 1);
    }
}

void tnf_console_constant(const TNF_FLASH char *text)
{
    for (; *text != '\0'; ++text) {
        const uint8_t byte = (uint8_t)*text;
        tnf_port_write(&byte, 1);
    }
}

void tnf_console_number(uint32_t value)
{
    uint8_t digits[DECIMAL_DIGITS];
    size_t first = DECIMAL_DIGITS;
    do {
        digits[--first] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    tnf_port_write(digits + first, DECIMAL_DIGITS - first);
}
