#include "tnf_mac16_parts.h"

TNF_KERNEL void tnf_mac16_unpack(const TNF_FLASH int32_t *packed, tnf_int16_t *output,
                                 int32_t quads)
{
    for (int32_t word = 0; word < 2 * quads; word++) {
        const uint32_t bytes = (uint32_t)packed[word / 2] >> (word % 2 * 8) & 0x00FF00FFu;
        const uint32_t both = bytes - 0x007F007Fu;
        *output++ = (int16_t)(uint16_t)(both & 0xFFFFu);
        *output++ = (int16_t)(uint16_t)(both >> 16);
    }
}
