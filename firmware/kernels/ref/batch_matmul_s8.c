#include "tnf_matmul.h"
#include "tnf_requantize.h"

#define MATRIX_T int8_t
#define SECOND_T int8_t
#define SUM_T int32_t

static inline int8_t finish(const TNF_FLASH tnf_batch_matmul_t *params, int32_t sum)
{
    return tnf_requantize_s8(sum, params->multiplier, params->shift, params->output_offset,
                             INT8_MIN, INT8_MAX);
}

#include "tnf_matrices.h"

TNF_KERNEL void tnf_batch_matmul_s8(const TNF_FLASH tnf_batch_matmul_t *params, const int8_t *first,
                                    const int8_t *second, int8_t *output)
{
    multiply_batches(params, first, second, output);
}
