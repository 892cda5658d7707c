/** @file
 * Products of matrices, neither of which need be constant. The contract of all kernels is in
 * tnf_kernels.h.
 */
#ifndef TNF_MATMUL_H
#define TNF_MATMUL_H

#include "tnf_kernels.h"

#define tnf_batch_matmul_s8 TNF_LINK_NAME(tnf_batch_matmul_s8, TNF_BACKEND)
#define tnf_batch_matmul_s16 TNF_LINK_NAME(tnf_batch_matmul_s16, TNF_BACKEND)
#define tnf_batch_matmul_constant_s8 TNF_LINK_NAME(tnf_batch_matmul_constant_s8, TNF_BACKEND)
#define tnf_batch_matmul_constant_s16 TNF_LINK_NAME(tnf_batch_matmul_constant_s16, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Matrix products over up to three batch dimensions. Strides are in elements: those of a batch
 *  dimension along which an operand is broadcast are 0, and a transposed operand has those of row
 *  and column exchanged. The output's batches lie one after the other. */
typedef struct tnf_batch_matmul {
    int32_t batch_0; /**< outermost */
    int32_t batch_1;
    int32_t batch_2;
    int32_t rows;          /**< of the first operand */
    int32_t depth;         /**< products in a sum */
    int32_t columns;       /**< of the second operand */
    int32_t first_batch_0; /**< strides of the first operand */
    int32_t first_batch_1;
    int32_t first_batch_2;
    int32_t first_row;
    int32_t first_depth;
    int32_t second_batch_0; /**< strides of the second operand */
    int32_t second_batch_1;
    int32_t second_batch_2;
    int32_t second_depth;
    int32_t second_column;
    int32_t output_row; /**< strides of the output */
    int32_t output_column;
    int32_t first_offset; /**< minus the zero points, 0 for int16 */
    int32_t second_offset;
    int32_t output_offset;
    int32_t multiplier; /**< for int16 of 15 bits, as tnf_requantize_wide takes them */
    int32_t shift;
    const TNF_FLASH int8_t *constant_s8;   /**< of tnf_batch_matmul_constant_s8, else NULL */
    const TNF_FLASH int16_t *constant_s16; /**< of tnf_batch_matmul_constant_s16, else NULL */
} tnf_batch_matmul_t;

/** @param params  sizes, strides and scale
 *  @param first   first operand, any batches of matrices
 *  @param second  second operand; may be the first
 *  @param output  [batch_0, batch_1, batch_2] matrices of rows * columns */
void tnf_batch_matmul_s8(const TNF_FLASH tnf_batch_matmul_t *params, const int8_t *first,
                         const int8_t *second, int8_t *output);

/** tnf_batch_matmul_s8 of int16, with sums of 64 bits that have at most 48, rounded once.
 *  @param params  sizes, strides and scale
 *  @param first   first operand, any batches of matrices
 *  @param second  second operand; may be the first
 *  @param output  [batch_0, batch_1, batch_2] matrices of rows * columns */
void tnf_batch_matmul_s16(const TNF_FLASH tnf_batch_matmul_t *params, const tnf_int16_t *first,
                          const tnf_int16_t *second, tnf_int16_t *output);

/** tnf_batch_matmul_s8 with the second operand params->constant_s8.
 *  @param params  sizes, strides and scale
 *  @param input   first operand
 *  @param output  [batch_0, batch_1, batch_2] matrices of rows * columns */
void tnf_batch_matmul_constant_s8(const TNF_FLASH tnf_batch_matmul_t *params, const int8_t *input,
                                  int8_t *output);

/** tnf_batch_matmul_s16 with the second operand params->constant_s16.
 *  @param params  sizes, strides and scale
 *  @param input   first operand
 *  @param output  [batch_0, batch_1, batch_2] matrices of rows * columns */
void tnf_batch_matmul_constant_s16(const TNF_FLASH tnf_batch_matmul_t *params,
                                   const tnf_int16_t *input, tnf_int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
