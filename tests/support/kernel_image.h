/* What tests/support/kernel_image.py generates for kernel_image.c. */
#ifndef KERNEL_IMAGE_H
#define KERNEL_IMAGE_H

#include <stdint.h>

#include "tnf_model.h"

#define MOST_LAYERS 128

typedef struct image_case {
    const tnf_model_t *model;
    uint32_t count;         /* of inputs */
    const int8_t *inputs;   /* [count, input_bytes] */
    const int8_t *expected; /* [count, output_bytes] */
} image_case_t;

extern const image_case_t kernel_image_cases[];
extern const uint32_t kernel_image_count;
extern int8_t kernel_image_arena[];

#endif
