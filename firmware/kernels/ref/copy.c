#include "tnf_copy.h"

#include <string.h>

TNF_KERNEL void tnf_copy(const TNF_FLASH tnf_copy_t *params, const int8_t *input, int8_t *output)
{
    memmove(output + params->output_offset, input + params->input_offset, (size_t)params->bytes);
}
