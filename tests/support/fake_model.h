/* A model of three layers whose results are easy to compute elsewhere, with the arena of a real
 * one: the input does not survive the first layer. Sizes come from the compiler's command line. */
#ifndef FAKE_MODEL_H
#define FAKE_MODEL_H

#include "tnf_model.h"

#ifndef FAKE_INPUT_BYTES
#define FAKE_INPUT_BYTES 64
#endif
#ifndef FAKE_OUTPUT_BYTES
#define FAKE_OUTPUT_BYTES 10
#endif
/* 1: each inference since the reset adds 1 to all outputs of the next. */
#ifndef FAKE_REMEMBERS
#define FAKE_REMEMBERS 0
#endif
#define FAKE_LAYERS 3
#define FAKE_ARENA_BYTES (FAKE_INPUT_BYTES + FAKE_OUTPUT_BYTES + FAKE_REMEMBERS)

extern const tnf_model_t fake_model;

/* Called at the start of every inference; a test gives it something to do. */
extern void (*fake_before_invoke)(void);

#endif
