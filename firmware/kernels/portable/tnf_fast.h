/** @file
 * Speed where it counts: projects are built for size. */
#ifndef TNF_FAST_H
#define TNF_FAST_H

#include <stdint.h>

#if defined(__GNUC__) && !defined(__clang__)
#define TNF_OPTIMIZE(...) __attribute__((optimize(__VA_ARGS__)))
#else
#define TNF_OPTIMIZE(...)
#endif

/** Before a function whose loop takes the time: it is compiled for speed, with vectors where the
 *  processor has them, and apart from its callers, so that its values stay in registers. */
#define TNF_FAST                                                                                   \
    __attribute__((noinline)) TNF_OPTIMIZE("O2", "no-schedule-insns", "tree-vectorize",            \
                                           "vect-cost-model=dynamic")

/* What the compiler may use without asking, not what a chip has. Vector units multiply and compare
 * fastest what is narrow; on other cores a narrow variable costs an extension. */
#if defined(__SSE2__) || defined(__ARM_NEON)
#define TNF_HAS_VECTORS 1
typedef int16_t tnf_factor16_t; /**< at least 16 bits */
typedef int8_t tnf_value8_t;    /**< at least 8 bits */
#else
#define TNF_HAS_VECTORS 0
typedef int32_t tnf_factor16_t;
typedef int32_t tnf_value8_t;
#endif

#endif
