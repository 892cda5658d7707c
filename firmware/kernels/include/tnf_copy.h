/** @file
 * Copies and fills of bytes, whatever they stand for: one kernel serves all types. Offsets, strides
 * and runs are in bytes. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_COPY_H
#define TNF_COPY_H

#include "tnf_kernels.h"

#define tnf_copy TNF_LINK_NAME(tnf_copy, TNF_BACKEND)
#define tnf_copy_constant TNF_LINK_NAME(tnf_copy_constant, TNF_BACKEND)
#define tnf_copy_strided TNF_LINK_NAME(tnf_copy_strided, TNF_BACKEND)
#define tnf_fill TNF_LINK_NAME(tnf_fill, TNF_BACKEND)

/** The most loops of a strided copy. */
#define TNF_COPY_AXES 10

#ifdef __cplusplus
extern "C" {
#endif

/** A copy of one block. */
typedef struct tnf_copy {
    int32_t bytes;
    int32_t input_offset; /**< where the block starts, at least 0 */
    int32_t output_offset;
} tnf_copy_t;

/** Rows of a constant, spread over the output. */
typedef struct tnf_copy_constant {
    int32_t rows;
    int32_t bytes;                    /**< of a row */
    int32_t output_offset;            /**< of the first row, at least 0 */
    int32_t output_stride;            /**< from row to row */
    const TNF_FLASH int8_t *constant; /**< [rows, bytes] */
} tnf_copy_constant_t;

/** A copy with a stride of its own per axis on both sides. An input's stride may be negative, or 0
 *  where the input is repeated. Axes along which both sides are dense are merged by the compiler.
 */
typedef struct tnf_copy_strided {
    int32_t run;                   /**< bytes that are dense on both sides */
    int32_t count;                 /**< of axes, 1 to TNF_COPY_AXES */
    int32_t input_offset;          /**< of the first run, at least 0 */
    int32_t output_offset;         /**< of the first run, at least 0 */
    const TNF_FLASH int32_t *axes; /**< [count, 3]: extent, input stride, output stride;
                                        outermost first */
} tnf_copy_strided_t;

/** One value, repeated. */
typedef struct tnf_fill {
    int32_t bytes;
    int32_t pattern; /**< the value of 4 bytes; one of 2 bytes twice, one of 1 byte 4 times */
} tnf_fill_t;

/** Input and output may overlap in any way.
 *  @param params  how much, from where to where
 *  @param input   at least input_offset + bytes
 *  @param output  at least output_offset + bytes; the rest is kept */
void tnf_copy(const TNF_FLASH tnf_copy_t *params, const int8_t *input, int8_t *output);

/** @param params  the constant and its place
 *  @param output  at least up to the last row; the rest is kept */
void tnf_copy_constant(const TNF_FLASH tnf_copy_constant_t *params, int8_t *output);

/** In place where no stride is negative and every run lies in the output where it lies in the input
 *  or before: a slice may start at the input's address plus its own offset, or before.
 *  @param params  extents and strides
 *  @param input   all runs lie inside
 *  @param output  all runs lie inside; the rest is kept */
void tnf_copy_strided(const TNF_FLASH tnf_copy_strided_t *params, const int8_t *input,
                      int8_t *output);

/** @param params  the value and how much of it
 *  @param output  [bytes] */
void tnf_fill(const TNF_FLASH tnf_fill_t *params, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
