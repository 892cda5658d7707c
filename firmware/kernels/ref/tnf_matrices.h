/* The loops of a batched matrix product. To be included once per kernel, with MATRIX_T the type of
 * the elements, SECOND_T that type with the address space of the second operand, SUM_T that of a
 * sum, and `finish` made of the sum one element of the output. */
static void multiply(const TNF_FLASH tnf_batch_matmul_t *params, const MATRIX_T *first,
                     const SECOND_T *second, MATRIX_T *output)
{
    for (int32_t row = 0; row < params->rows; row++) {
        for (int32_t column = 0; column < params->columns; column++) {
            const MATRIX_T *a = first + row * params->first_row;
            const SECOND_T *b = second + column * params->second_column;
            SUM_T sum = 0;
            for (int32_t k = 0; k < params->depth; k++) {
                sum += (*a + params->first_offset) * (SUM_T)(*b + params->second_offset);
                a += params->first_depth;
                b += params->second_depth;
            }
            output[row * params->output_row + column * params->output_column] = finish(params, sum);
        }
    }
}

static inline void multiply_batches(const TNF_FLASH tnf_batch_matmul_t *params,
                                    const MATRIX_T *first, const SECOND_T *second, MATRIX_T *output)
{
    for (int32_t i = 0; i < params->batch_0; i++) {
        for (int32_t j = 0; j < params->batch_1; j++) {
            for (int32_t k = 0; k < params->batch_2; k++) {
                multiply(params,
                         first + i * params->first_batch_0 + j * params->first_batch_1 +
                             k * params->first_batch_2,
                         second + i * params->second_batch_0 + j * params->second_batch_1 +
                             k * params->second_batch_2,
                         output);
                output += params->rows * params->columns;
            }
        }
    }
}
