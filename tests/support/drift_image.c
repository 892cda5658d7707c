/* Says what telemetry takes on a board, in ticks of the port's counter:
 *
 *   plain <of an inference without a reference>
 *   whole <of all inferences of a window together> last <of the one that ends it>
 *
 * and "end". Begins when it is sent a byte. */
#include <string.h>

#include "tnf_port.h"
#include "tnf_telemetry.h"

extern const tnf_model_t drift_model;
extern const uint32_t drift_image_bytes;
extern int8_t drift_image_memory[];

static tnf_telemetry_t telemetry;

static void say(const char *text, uint32_t value)
{
    char line[48];
    char digits[12];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do {
        *--at = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0u);
    strcpy(line, text);
    strcat(line, at);
    strcat(line, "\n");
    const char *next = line;
    for (size_t left = strlen(line); left > 0;) {
        const size_t taken = tnf_port_write((const uint8_t *)next, left);
        next += taken;
        left -= taken;
    }
}

static void note(const TNF_FLASH tnf_reference_t *reference)
{
    const int8_t *outputs = drift_image_memory + drift_model.input_bytes;
    tnf_telemetry_input(&telemetry, reference, drift_model.inputs, drift_image_memory);
    tnf_telemetry_record(&telemetry, reference, 1000, drift_model.outputs, outputs);
}

int main(void)
{
    uint8_t byte;
    uint32_t state = 1;
    tnf_port_init();
    while (tnf_port_read(&byte, 1) == 0) {
    }
    for (uint32_t i = 0; i < drift_image_bytes; ++i) {
        state = state * 1664525u + 1013904223u;
        drift_image_memory[i] = (int8_t)(state >> 24);
    }
    tnf_telemetry_init(&telemetry, 0);
    uint32_t began = tnf_port_counter();
    for (uint32_t i = 0; i < 64; ++i) {
        note(NULL);
    }
    say("plain ", (tnf_port_counter() - began) / 64);
    uint32_t window = tnf_reference.window;
    began = tnf_port_counter();
    for (uint32_t i = 1; i < window; ++i) {
        note(&tnf_reference);
    }
    uint32_t before = tnf_port_counter();
    note(&tnf_reference);
    uint32_t now = tnf_port_counter();
    say("whole ", now - began);
    say("last ", now - before);
    say("windows ", telemetry.drift.windows);
    say("end ", 0);
    for (;;) {
    }
}
