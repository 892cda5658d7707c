/* Runs pairs of models, one layer after another and by rows, each in an arena of its exact size,
 * and compares all bytes of all layers. MODELS(X) is X(plain, rows) for each pair. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models.def"

typedef struct layers {
    int8_t **data;
    uint32_t *bytes;
    uint32_t *seen;
} layers_t;

static void fail(const char *model, const char *what, uint32_t layer)
{
    printf("%s layer %u: %s\n", model, (unsigned)layer, what);
    exit(1);
}

static void take(void *context, const tnf_part_t *part)
{
    layers_t *layers = context;
    if (part->offset == 0) {
        layers->data[part->layer] = malloc(part->layer_bytes);
        layers->bytes[part->layer] = part->layer_bytes;
    }
    if (part->offset != layers->seen[part->layer] ||
        part->offset + part->bytes > part->layer_bytes) {
        fail("observer", "parts out of order", part->layer);
    }
    memcpy(layers->data[part->layer] + part->offset, part->data, part->bytes);
    layers->seen[part->layer] += (uint32_t)part->bytes;
}

static layers_t run(const tnf_model_t *model, uint32_t seed)
{
    layers_t layers = {calloc(model->layers, sizeof(int8_t *)),
                       calloc(model->layers, sizeof(uint32_t)),
                       calloc(model->layers, sizeof(uint32_t))};
    int8_t *arena = malloc(model->arena_bytes);
    memset(arena, 0x55, model->arena_bytes);
    for (uint32_t i = 0; i < model->inputs->bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        arena[model->inputs->arena_offset + i] = (int8_t)(uint8_t)(seed >> 24);
    }
    const tnf_observer_t observer = {take, &layers};
    model->invoke(arena, &observer);
    free(arena);
    return layers;
}

static void compare(const tnf_model_t *plain, const tnf_model_t *rows, uint32_t seed)
{
    const layers_t wanted = run(plain, seed);
    const layers_t found = run(rows, seed);
    if (plain->layers != rows->layers) {
        fail(rows->name, "another number of layers", rows->layers);
    }
    for (uint32_t i = 0; i < plain->layers; i++) {
        if (wanted.bytes[i] != found.bytes[i] || found.seen[i] != found.bytes[i]) {
            fail(rows->name, "is not complete", i);
        }
        if (memcmp(wanted.data[i], found.data[i], wanted.bytes[i]) != 0) {
            fail(rows->name, "differs", i);
        }
        free(wanted.data[i]);
        free(found.data[i]);
    }
    free(wanted.data), free(wanted.bytes), free(wanted.seen);
    free(found.data), free(found.bytes), free(found.seen);
}

int main(void)
{
#define PAIR(plain, rows)                                                                          \
    for (uint32_t seed = 1; seed <= 3; seed++) {                                                   \
        compare(&plain##_model, &rows##_model, seed);                                              \
    }
    MODELS(PAIR)
    return 0;
}
