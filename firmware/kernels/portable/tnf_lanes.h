/** @file
 * Channels that lie side by side and are computed together: a vector of them, or as many as stay in
 * the registers of a small core. */
#ifndef TNF_LANES_H
#define TNF_LANES_H

#include "tnf_fast.h"

#if TNF_HAS_VECTORS
#define TNF_LANES 16
#else
#define TNF_LANES 8
#endif

/** Before a loop over lanes: where it does not become vectors, writes it out. */
#if TNF_HAS_VECTORS || defined(__clang__)
#define TNF_WRITE_OUT
#else
#define TNF_WRITE_OUT _Pragma("GCC unroll 8")
#endif

#endif
