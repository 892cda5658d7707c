#include "tnf_matmul.h"
#include "tnf_requantize.h"

#define MATRIX_T tnf_int16_t
#define SECOND_T TNF_FLASH int16_t
#define SUM_T int64_t

static inline tnf_int16_t finish(const TNF_FLASH tnf_batch_matmul_t *params, int64_t sum)
{
    return tnf_requantize_s16(sum, 1, params->multiplier, params->shift, INT16_MIN, INT16_MAX);
}

#include "tnf_matrices.h"

TNF_KERNEL void tnf_batch_matmul_constant_s16(const TNF_FLASH tnf_batch_matmul_t *params,
                                              const tnf_int16_t *input, tnf_int16_t *output)
{
    multiply_batches(params, input, params->constant_s16, output);
}
