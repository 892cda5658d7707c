/* What tnf_mlperf_decimal writes, for ctypes. */
#include <string.h>

#include "tnf_mlperf.h"

size_t shim_decimal(int32_t value, float scale, char *text, size_t capacity);

size_t shim_decimal(int32_t value, float scale, char *text, size_t capacity)
{
    static tnf_frame_writer_t out;
    memset(&out, 0, sizeof out);
    tnf_mlperf_decimal(&out, value, scale);
    size_t size = out.fill < capacity ? out.fill : capacity;
    memcpy(text, out.bytes, size);
    return size;
}
