#include "tnf_commands.h"

#include "tnf_port.h"
#include "tnf_replies.h"
#include "tnf_tensor.h"

/* A byte from here on in a text stands for a figure. */
#define FIGURE 0x80u
#define CLASSES 0xa0u /* how often each class came */

/* And from here on for a restart: of the application, or into the bootloader. */
#define RESTART 0xc0u

static const TNF_FLASH tnf_row_t figures[] = {
    {0, TNF_IN_FACTS + TNF_IS_TEXT, 0}, /* \200 the model's name */
    TNF_ROW_CONFIG(BOARD, board),       /* \201 */
    TNF_ROW_SESSION(INFERENCES, telemetry.inferences),
    TNF_ROW_SESSION(COUNT, telemetry.last),
    TNF_ROW_SESSION(COUNT_MIN, telemetry.min),
    TNF_ROW_SESSION(COUNT_MAX, telemetry.max),
    TNF_ROW_CONFIG(COUNTER_UNIT, counter_unit),                  /* \206 */
    TNF_ROW_SESSION(DEADLINE_MISSES, telemetry.deadline_misses), /* \207 */
    TNF_ROW_SESSION(DRIFT_ALARMS, telemetry.drift.alarms),
    TNF_ROW_SESSION(DRIFT_WINDOWS, telemetry.drift.windows),
};

/* Each command and what it shows; after the last, what is shown for all others. A restart shows the
 * rest only where it is not to be had. */
static const TNF_FLASH char commands[] = "name\0tinyflow \200 on \201, type ? for help\0"
                                         "stats\0inferences \202 last \203 min \204 max \205 \206 "
                                         "misses \207 drift \210/\211 classes\240\0"
                                         "reset\0\300cannot\0"
                                         "bootloader\0\301cannot\0"
                                         "\0commands: name stats reset bootloader";

static void show_figure(tnf_session_t *session, uint32_t code)
{
    tnf_frame_writer_t *out = &session->writer;
    const TNF_FLASH tnf_model_t *model = session->config->model;
    const char *name = model->name;
    if (code >= RESTART) {
        tnf_frame_flush(out);
        (void)tnf_port_reset(code > RESTART);
        return;
    }
    if (code == CLASSES) {
        uint32_t classes = tnf_tensor_values(model->outputs);
        for (uint32_t i = 0; i < classes && i < TNF_CLASSES; ++i) {
            tnf_console_text(out, " ");
            tnf_console_number(out, session->telemetry.classes[i]);
        }
        return;
    }
    const TNF_FLASH tnf_row_t *row = &figures[code - FIGURE];
    const void *value = tnf_row_value(session, row, &name);
    if ((row->what & TNF_KIND_BITS) == TNF_IS_TEXT) {
        tnf_console_text(out, *(const char *const *)value);
    } else {
        tnf_console_number(out, *(const uint32_t *)value);
    }
}

static void show(tnf_session_t *session, const TNF_FLASH char *text)
{
    for (; *text != '\0'; ++text) {
        uint8_t byte = (uint8_t)*text;
        if (byte < FIGURE) {
            tnf_frame_text(&session->writer, byte);
        } else {
            show_figure(session, byte);
        }
    }
    tnf_console_text(&session->writer, "\r\n");
}

void tnf_commands_greet(tnf_session_t *session)
{
    show(session, commands + sizeof "name");
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
