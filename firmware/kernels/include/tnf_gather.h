/** @file
 * Copies by tables of indices: slices, mirrored borders, nearest neighbours, blocks. They move
 * bytes, whatever they stand for. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_GATHER_H
#define TNF_GATHER_H

#include "tnf_kernels.h"

#define tnf_gather TNF_LINK_NAME(tnf_gather, TNF_BACKEND)
#define tnf_scatter TNF_LINK_NAME(tnf_scatter, TNF_BACKEND)

/** The most loops of a gather or scatter. */
#define TNF_GATHER_AXES 6

#ifdef __cplusplus
extern "C" {
#endif

/** One side is dense, and walked through in order. A run's place in the other is the sum over the
 *  axes of stride * index, where the index is looked up if the axis has a table. */
typedef struct tnf_gather {
    int32_t run;                     /**< bytes that are dense on both sides */
    int32_t count;                   /**< of axes, 1 to TNF_GATHER_AXES */
    const TNF_FLASH int32_t *axes;   /**< [count, 3]: extent, stride in bytes, where the axis' table
                                          starts in `tables` or -1; outermost first */
    const TNF_FLASH int32_t *tables; /**< indices, of each axis that has a table [extent] */
} tnf_gather_t;

/** Reads from where the tables say.
 *  @param params  extents, strides and tables
 *  @param input   all runs lie inside
 *  @param output  dense, [product of the extents, run] */
void tnf_gather(const TNF_FLASH tnf_gather_t *params, const int8_t *input, int8_t *output);

/** Writes to where the tables say.
 *  @param params  extents, strides and tables
 *  @param input   dense, [product of the extents, run]
 *  @param output  all runs lie inside; the rest is kept */
void tnf_scatter(const TNF_FLASH tnf_gather_t *params, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
