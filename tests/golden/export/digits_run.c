/* digits_run: model digits in one call. Written by tinyflow 0.1.0. */
#include "digits_run.h"

#include <string.h>

static TNF_ARENA(arena, DIGITS_ARENA_BYTES);

void digits_run(const int8_t *input, int8_t *output)
{
    memcpy(digits_input(arena), input, DIGITS_INPUT_BYTES);
    digits_invoke(arena, NULL);
    memcpy(output, digits_output(arena), DIGITS_OUTPUT_BYTES);
}
