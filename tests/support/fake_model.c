#include "fake_model.h"

void (*fake_before_invoke)(void);

#define STATE (FAKE_INPUT_BYTES + FAKE_OUTPUT_BYTES)

#if FAKE_REMEMBERS
static void reset(int8_t *arena)
{
    arena[STATE] = 0;
}

static int remembered(int8_t *arena)
{
    return arena[STATE];
}

static void remember(int8_t *arena)
{
    arena[STATE]++;
}
#else
static int remembered(const int8_t *arena)
{
    (void)arena;
    return 0;
}

static void remember(const int8_t *arena)
{
    (void)arena;
}
#endif

static void mix(int8_t *arena, int mask)
{
    for (int i = 0; i < FAKE_INPUT_BYTES; ++i) {
        arena[i] = (int8_t)(arena[i] ^ mask);
    }
}

static void invoke(int8_t *arena, const tnf_observer_t *observer)
{
    int8_t *output = arena + FAKE_INPUT_BYTES;
    if (fake_before_invoke != NULL) {
        fake_before_invoke();
    }
    mix(arena, 0x11);
    tnf_observe(observer, 0, FAKE_INPUT_BYTES, 0, arena, FAKE_INPUT_BYTES);
    mix(arena, 0x22);
    tnf_observe(observer, 1, FAKE_INPUT_BYTES, 0, arena, FAKE_INPUT_BYTES);
    for (int i = 0; i < FAKE_OUTPUT_BYTES; ++i) {
        output[i] = (int8_t)(uint8_t)(arena[i % FAKE_INPUT_BYTES] + i + remembered(arena));
    }
    tnf_observe(observer, 2, FAKE_OUTPUT_BYTES, 0, output, FAKE_OUTPUT_BYTES);
    remember(arena);
}

static const tnf_tensor_t inputs[] = {
    {.arena_offset = 0, .bytes = FAKE_INPUT_BYTES, .scale = 0.5f, .zero_point = -3},
};

static const tnf_tensor_t outputs[] = {
    {.arena_offset = FAKE_INPUT_BYTES,
     .bytes = FAKE_OUTPUT_BYTES,
     .scale = 0.00390625f,
     .zero_point = -128},
};

const tnf_model_t fake_model = {
    .name = "fake",
    .sha256 = {0xfa, 0xce},
    .arena_bytes = FAKE_ARENA_BYTES,
    .layers = FAKE_LAYERS,
    .input_bytes = FAKE_INPUT_BYTES,
    .output_bytes = FAKE_OUTPUT_BYTES,
    .input_count = 1,
    .output_count = 1,
    .inputs = inputs,
    .outputs = outputs,
#if FAKE_REMEMBERS
    .reset = reset,
#endif
    .invoke = invoke,
};
