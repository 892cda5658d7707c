/** @file
 * Speed where it counts: projects are built for size. */
#ifndef TNF_FAST_H
#define TNF_FAST_H

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

/* What the compiler may use without asking, not what a chip has. */
#if defined(__SSE2__) || defined(__ARM_NEON)
#define TNF_HAS_VECTORS 1
#else
#define TNF_HAS_VECTORS 0
#endif

#endif
