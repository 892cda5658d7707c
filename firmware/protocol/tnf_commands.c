#include "tnf_commands.h"

#include <stddef.h>

/* What a byte over 127 in a text stands for. */
enum {
    NAME = 0x80,    /* \200: the model's */
    BOARD,          /* \201 */
    UNIT,           /* \202: the counter's */
    NUMBER,         /* \203 and so on: the numbers below */
    RESTART = 0xc0, /* TNF_A_RESTART and so on */
};

/* Where in the session numbers are. */
static const TNF_FLASH uint16_t numbers[] = {
    offsetof(tnf_session_t, telemetry.inferences),
    offsetof(tnf_session_t, telemetry.last),
    offsetof(tnf_session_t, telemetry.min),
    offsetof(tnf_session_t, telemetry.max),
    offsetof(tnf_session_t, telemetry.deadline_misses),
    offsetof(tnf_session_t, telemetry.drift.alarms),
    offsetof(tnf_session_t, telemetry.drift.windows),
};

/* Each command and what it shows. What the first shows is the greeting, too, and the answer to all
 * that is no command. */
static const TNF_FLASH char commands[] =
    "name\0tinyflow \200 on \201: stats reset bootloader\0"
    "stats\0runs \203 last \204 min \205 max \206 \202 misses \207 drift \210/\211\0"
    "reset\0\300\0"
    "bootloader\0\301\0";

static void show(tnf_session_t *session, const TNF_FLASH char *text)
{
    tnf_frame_writer_t *out = &session->writer;
    const tnf_session_config_t *config = session->config;
    for (; *text != '\0'; ++text) {
        uint8_t byte = (uint8_t)*text;
        if (byte < NAME) {
            tnf_frame_text(out, byte);
        } else if (byte >= RESTART) {
            session->waits = (uint8_t)(byte - RESTART + TNF_A_RESTART);
            return;
        } else if (byte >= NUMBER) {
            const uint8_t *place = (const uint8_t *)session + numbers[byte - NUMBER];
            tnf_console_number(out, *(const uint32_t *)(const void *)place);
        } else {
            tnf_console_text(out, byte == NAME    ? config->model->name
                                  : byte == BOARD ? config->board
                                                  : config->counter_unit);
        }
    }
    tnf_console_text(out, "\r\n");
}

void tnf_commands_greet(tnf_session_t *session)
{
    show(session, commands + sizeof "name");
}

/* Behind the text at `at` and its end. */
static const TNF_FLASH char *after(const TNF_FLASH char *at)
{
    while (*at++ != '\0') {
    }
    return at;
}

void tnf_commands_take(tnf_session_t *session, const char *line)
{
    for (const TNF_FLASH char *at = commands; *at != '\0'; at = after(at)) {
        const char *same = line;
        while (*at == *same && *at != '\0') {
            ++at;
            ++same;
        }
        bool equal = *at == *same;
        at = after(at);
        if (equal) {
            show(session, at);
            return;
        }
    }
    session->typed = false;
    tnf_commands_greet(session);
}
