#include <string.h>

#include "tnf_strips_mve.h"

TNF_KERNEL void tnf_copy_strips(int8_t *to, int32_t pitch, const int8_t *from, int32_t step,
                                int32_t bytes, int32_t count)
{
    for (int32_t strip = 0; strip < count; strip++) {
        memmove(to + strip * pitch, from + strip * step, (size_t)bytes);
    }
}
