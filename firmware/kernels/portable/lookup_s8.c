#include "tnf_activation.h"
#include "tnf_fast.h"

TNF_KERNEL TNF_FAST void tnf_lookup_s8(const TNF_FLASH tnf_lookup_s8_t *params, const int8_t *input,
                                       int8_t *output)
{
    const TNF_FLASH int8_t *const middle = params->table - INT8_MIN;
    const int8_t *const end = input + params->elements;
    while (input != end) {
        *output++ = middle[*input++];
    }
}
