#include "tnf_crc32.h"

#define POLYNOMIAL 0xedb88320u

uint32_t tnf_crc32(uint32_t crc, const void *data, size_t size)
{
    /* Bit by bit: a table costs more flash than the whole of this, and a UART is slower. */
    const uint8_t *bytes = data;
    crc = ~crc;
    for (size_t i = 0; i < size; ++i) {
        crc ^= bytes[i];
        for (uint32_t bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1u) != 0 ? POLYNOMIAL : 0u);
        }
    }
    return ~crc;
}
