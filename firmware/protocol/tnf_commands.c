#include "tnf_commands.h"

#include "tnf_replies.h"

/* A byte from here on in a text stands for a figure. */
#define FIGURE 0x80u

static const TNF_FLASH tnf_row_t figures[] = {
    {0, TNF_IN_FACTS + TNF_IS_TEXT, 0}, /* \200 the model's name */
    TNF_ROW_CONFIG(BOARD, board),       /* \201 */
    TNF_ROW_SESSION(INFERENCES, telemetry.inferences),
    TNF_ROW_SESSION(COUNT, telemetry.last),
    TNF_ROW_SESSION(COUNT_MIN, telemetry.min),
    TNF_ROW_SESSION(COUNT_MAX, telemetry.max),
    TNF_ROW_CONFIG(COUNTER_UNIT, counter_unit), /* \206 */
};

static const TNF_FLASH char greeting[] = "tinyflow \200 on \201, type ? for help";

/* Each command and what it shows; after the last, what is shown for all others. */
static const TNF_FLASH char commands[] = "name\0tinyflow \200 on \201\0"
                                         "stats\0inferences \202 last \203 min \204 max \205 \206\0"
                                         "\0commands: name stats";

static void show(tnf_session_t *session, const TNF_FLASH char *text)
{
    tnf_frame_writer_t *out = &session->writer;
    const char *model = session->config->model->name;
    for (; *text != '\0'; ++text) {
        uint8_t byte = (uint8_t)*text;
        if (byte < FIGURE) {
            tnf_frame_text(out, byte);
            continue;
        }
        const TNF_FLASH tnf_row_t *row = &figures[byte - FIGURE];
        const void *value = tnf_row_value(session, row, &model);
        if ((row->what & TNF_KIND_BITS) == TNF_IS_TEXT) {
            tnf_console_text(out, *(const char *const *)value);
        } else {
            tnf_console_number(out, *(const uint32_t *)value);
        }
    }
    tnf_console_text(out, "\r\n");
}

void tnf_commands_greet(tnf_session_t *session)
{
    show(session, greeting);
}

/* Goes over `name` and its end. */
static bool same(const char *line, const TNF_FLASH char **name)
{
    bool equal = true;
    for (; **name != '\0'; ++*name) {
        equal = equal && *line == **name;
        line += equal ? 1 : 0;
    }
    ++*name;
    return equal && *line == '\0';
}

void tnf_commands_take(tnf_session_t *session, const char *line)
{
    const TNF_FLASH char *at = commands;
    while (*at != '\0') {
        if (same(line, &at)) {
            show(session, at);
            return;
        }
        while (*at++ != '\0') {
        }
    }
    show(session, at + 1);
}
