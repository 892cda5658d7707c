/* Runs kernel calls that arrive on stdin, each on buffers of their exact sizes, so that a sanitizer
 * sees every byte outside them. All integers are 32-bit, in this machine's order.
 *
 * request: kernel,
 *          parameter bytes and the parameters with room for their pointers,
 *          constants: count, then of each its offset in the parameters, its bytes and its values,
 *          buffers in the order of the arguments: count, then of each
 *              its bytes, the buffer before it whose memory it takes or -1,
 *              where the argument points to in that memory,
 *              1 and the memory's values or 0, how many bytes of it are an answer or 0
 * answer:  the bytes of the buffers that are one, from where the arguments point to */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_headers.def"

#define MAX_BUFFERS 64
#define NO_BUFFER (-1)

typedef void (*run_t)(const void *params, int8_t *const *buffers);

#define KERNEL(name, call)                                                                         \
    static void run_##name(const void *params, int8_t *const *buffers)                             \
    {                                                                                              \
        call;                                                                                      \
    }
#include "kernel_table.def"
#undef KERNEL

static const run_t kernels[] = {
#define KERNEL(name, call) run_##name,
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

static int8_t *room(size_t bytes)
{
    int8_t *buffer = malloc(bytes);
    if (buffer == NULL) {
        exit(3);
    }
    return buffer;
}

int main(void)
{
    int32_t kernel = 0;
    while (fread(&kernel, sizeof kernel, 1, stdin) == 1) {
        int8_t *constants[MAX_BUFFERS] = {NULL};
        int8_t *buffers[MAX_BUFFERS] = {NULL};
        int8_t *arguments[MAX_BUFFERS] = {NULL};
        int32_t owner[MAX_BUFFERS] = {0};
        int32_t answers[MAX_BUFFERS] = {0};
        const size_t params_bytes = (size_t)take_number();
        int8_t *params = room(params_bytes);
        take(params, params_bytes);
        const int32_t constant_count = take_number();
        for (int32_t i = 0; i < constant_count; i++) {
            const int32_t offset = take_number();
            const size_t bytes = (size_t)take_number();
            constants[i] = room(bytes);
            take(constants[i], bytes);
            memcpy(params + offset, &constants[i], sizeof constants[i]);
        }
        const int32_t count = take_number();
        for (int32_t i = 0; i < count; i++) {
            const size_t bytes = (size_t)take_number();
            owner[i] = take_number();
            buffers[i] = owner[i] == NO_BUFFER ? room(bytes) : buffers[owner[i]];
            arguments[i] = buffers[i] + take_number();
            if (take_number() != 0) {
                take(buffers[i], bytes);
            }
            answers[i] = take_number();
        }
        kernels[kernel](params, arguments);
        for (int32_t i = 0; i < count; i++) {
            fwrite(arguments[i], 1, (size_t)answers[i], stdout);
        }
        fflush(stdout);
        for (int32_t i = 0; i < MAX_BUFFERS; i++) {
            free(constants[i]);
            if (i < count && owner[i] == NO_BUFFER) {
                free(buffers[i]);
            }
        }
        free(params);
    }
    return 0;
}
