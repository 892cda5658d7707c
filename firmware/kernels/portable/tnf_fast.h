/** @file
 * Speed where it counts: projects are built for size. */
#ifndef TNF_FAST_H
#define TNF_FAST_H

/** Before a function whose loop takes the time: it is compiled for speed, with vectors where the
 *  processor has them, and apart from its callers, so that its values stay in registers. */
#if defined(__GNUC__) && !defined(__clang__)
#define TNF_FAST                                                                                   \
    __attribute__((noinline, optimize("O2", "no-schedule-insns", "tree-vectorize",                 \
                                      "vect-cost-model=dynamic")))
#else
#define TNF_FAST __attribute__((noinline))
#endif

/** Before a loop of at most 8 turns, whose values are to be in registers: writes it out. */
#if defined(__GNUC__) && !defined(__clang__)
#define TNF_WRITE_OUT _Pragma("GCC unroll 8")
#else
#define TNF_WRITE_OUT
#endif

#endif
