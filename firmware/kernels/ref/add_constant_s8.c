#include "tnf_kernels.h"

TNF_KERNEL void tnf_add_constant_s8(const tnf_add_t *params, const int8_t *input, int8_t *output)
{
    tnf_add_s8(params, input, params->constant, output);
}
