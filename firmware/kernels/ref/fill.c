#include "tnf_copy.h"
#include "tnf_run.h"

TNF_KERNEL void tnf_fill(const TNF_FLASH tnf_fill_t *params, int8_t *output)
{
    tnf_fill_run(output, params->pattern, params->bytes);
}
