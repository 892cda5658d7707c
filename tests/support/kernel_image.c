/* Runs models one after another on a board and says of each what it did:
 *
 *   model <number> input <number> differs <first byte that is not the expected one, or -1>
 *   model <number> layer <number> ticks <of the port's counter>
 *   model <number> ticks <of the port's counter>
 *
 * and "end" when all are done. Begins when it is sent a byte. */
#include "kernel_image.h"

#include <string.h>

#include "tnf_port.h"

typedef struct image_clock {
    uint32_t last;
    uint32_t layer[MOST_LAYERS];
} image_clock_t;

static void say(const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        const size_t taken = tnf_port_write((const uint8_t *)text, left);
        text += taken;
        left -= taken;
    }
}

static void say_number(const char *before, int32_t value)
{
    char digits[12];
    char *at = digits + sizeof digits - 1;
    uint32_t rest = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    *at = '\0';
    do {
        *--at = (char)('0' + rest % 10u);
        rest /= 10u;
    } while (rest != 0u);
    if (value < 0) {
        *--at = '-';
    }
    say(before);
    say(at);
}

static void layer_done(void *context, const tnf_part_t *part)
{
    image_clock_t *clock = context;
    const uint32_t now = tnf_port_counter();
    clock->layer[part->layer] += now - clock->last;
    clock->last = tnf_port_counter();
}

static uint32_t invoke(const tnf_model_t *model, const int8_t *input,
                       const tnf_observer_t *observer)
{
    if (model->reset != NULL) {
        model->reset(kernel_image_arena);
    }
    for (uint32_t i = 0; i < model->input_count; i++) {
        memcpy(kernel_image_arena + model->inputs[i].arena_offset, input, model->inputs[i].bytes);
        input += model->inputs[i].bytes;
    }
    const uint32_t start = tnf_port_counter();
    model->invoke(kernel_image_arena, observer);
    return tnf_port_counter() - start;
}

static int32_t difference(const tnf_model_t *model, const int8_t *expected)
{
    int32_t at = 0;
    for (uint32_t i = 0; i < model->output_count; i++) {
        const int8_t *found = kernel_image_arena + model->outputs[i].arena_offset;
        for (uint32_t k = 0; k < model->outputs[i].bytes; k++, at++) {
            if (found[k] != expected[at]) {
                return at;
            }
        }
    }
    return -1;
}

static void run(int32_t number, const image_case_t *tried)
{
    static image_clock_t clock;
    static const tnf_observer_t observer = {layer_done, &clock};
    const tnf_model_t *model = tried->model;
    uint32_t ticks = 0;
    for (uint32_t i = 0; i < tried->count; i++) {
        memset(kernel_image_arena, 85, model->arena_bytes);
        ticks = invoke(model, tried->inputs + i * model->input_bytes, NULL);
        say_number("model ", number);
        say_number(" input ", (int32_t)i);
        say_number(" differs ", difference(model, tried->expected + i * model->output_bytes));
        say("\n");
    }
    memset(&clock, 0, sizeof clock);
    clock.last = tnf_port_counter();
    (void)invoke(model, tried->inputs, &observer);
    for (uint32_t i = 0; i < model->layers && i < MOST_LAYERS; i++) {
        say_number("model ", number);
        say_number(" layer ", (int32_t)i);
        say_number(" ticks ", (int32_t)clock.layer[i]);
        say("\n");
    }
    say_number("model ", number);
    say_number(" ticks ", (int32_t)ticks);
    say("\n");
}

int main(void)
{
    uint8_t start = 0;
    tnf_port_init();
    while (tnf_port_read(&start, 1) == 0) {
    }
    for (uint32_t i = 0; i < kernel_image_count; i++) {
        run((int32_t)i, &kernel_image_cases[i]);
    }
    say("end\n");
    for (;;) {
        (void)tnf_port_read(&start, 1);
    }
}
