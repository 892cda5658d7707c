#include "tnf_copy.h"

#include <string.h>

TNF_KERNEL void tnf_copy(const TNF_FLASH tnf_copy_t *params, const int8_t *input, int8_t *output)
{
    memcpy(output, input, (size_t)params->bytes);
}
