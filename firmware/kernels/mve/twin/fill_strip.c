#include <string.h>

#include "tnf_strips_mve.h"

TNF_KERNEL void tnf_fill_strip(int8_t *to, int32_t value, int32_t bytes)
{
    memset(to, value, (size_t)bytes);
}
