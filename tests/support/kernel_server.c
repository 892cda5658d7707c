/* Runs inference kernels for a test, one request after another, until standard input ends.
 *
 * Every buffer is allocated on its own and exactly as large as the request says, so that the
 * address sanitizer sees every access outside it. All integers are 32-bit, in this machine's order.
 *
 * request: kernel, in-place input or -1, output bytes,
 *          parameter bytes and the parameters with room for their pointers,
 *          constants: count, then of each its offset in the parameters, its bytes and its values,
 *          inputs: count, then of each its bytes and its values
 * answer:  the output */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tnf_kernels.h"

#define MAX_BUFFERS 8

typedef void (*one_input_t)(const void *, const int8_t *, int8_t *);
typedef void (*two_inputs_t)(const void *, const int8_t *, const int8_t *, int8_t *);

#define ONE_INPUT(name, type)                                                                      \
    static void run_##name(const void *params, const int8_t *input, int8_t *output)                \
    {                                                                                              \
        name((const type *)params, input, output);                                                 \
    }
#define TWO_INPUTS(name, type)                                                                     \
    static void run_##name(const void *params, const int8_t *input1, const int8_t *input2,         \
                           int8_t *output)                                                         \
    {                                                                                              \
        name((const type *)params, input1, input2, output);                                        \
    }
#include "kernel_table.def"
#undef ONE_INPUT
#undef TWO_INPUTS

static const struct {
    one_input_t one;
    two_inputs_t two;
} kernels[] = {
#define ONE_INPUT(name, type) {run_##name, NULL},
#define TWO_INPUTS(name, type) {NULL, run_##name},
#include "kernel_table.def"
};

static void take(void *buffer, size_t bytes)
{
    if (bytes != 0 && fread(buffer, bytes, 1, stdin) != 1) {
        exit(2);
    }
}

static int32_t take_number(void)
{
    int32_t value = 0;
    take(&value, sizeof value);
    return value;
}

static int8_t *take_buffer(size_t bytes, size_t room)
{
    int8_t *buffer = malloc(room > bytes ? room : bytes);
    if (buffer == NULL) {
        exit(3);
    }
    take(buffer, bytes);
    return buffer;
}

int main(void)
{
    int32_t kernel = 0;
    while (fread(&kernel, sizeof kernel, 1, stdin) == 1) {
        int8_t *constants[MAX_BUFFERS] = {NULL};
        int8_t *inputs[MAX_BUFFERS] = {NULL};
        const int32_t in_place = take_number();
        const size_t output_bytes = (size_t)take_number();
        const size_t params_bytes = (size_t)take_number();
        int8_t *params = take_buffer(params_bytes, params_bytes);
        const int32_t constant_count = take_number();
        for (int32_t i = 0; i < constant_count; i++) {
            const int32_t offset = take_number();
            const size_t bytes = (size_t)take_number();
            constants[i] = take_buffer(bytes, bytes);
            memcpy(params + offset, &constants[i], sizeof constants[i]);
        }
        const int32_t input_count = take_number();
        for (int32_t i = 0; i < input_count; i++) {
            const size_t bytes = (size_t)take_number();
            inputs[i] = take_buffer(bytes, i == in_place ? output_bytes : 0);
        }
        int8_t *output = in_place >= 0 ? inputs[in_place] : malloc(output_bytes);
        if (output == NULL) {
            exit(3);
        }
        if (input_count == 1) {
            kernels[kernel].one(params, inputs[0], output);
        } else {
            kernels[kernel].two(params, inputs[0], inputs[1], output);
        }
        fwrite(output, output_bytes, 1, stdout);
        fflush(stdout);
        if (in_place < 0) {
            free(output);
        }
        for (int32_t i = 0; i < MAX_BUFFERS; i++) {
            free(constants[i]);
            free(inputs[i]);
        }
        free(params);
    }
    return 0;
}
