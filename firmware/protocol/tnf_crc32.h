/** @file
 * CRC-32 as zlib, Ethernet and PNG have it (reflected 0x04C11DB7).
 */
#ifndef TNF_CRC32_H
#define TNF_CRC32_H

#include <stddef.h>
#include <stdint.h>

/** Continues a CRC-32 over more bytes; any context, ISR included.
 *  @param crc  0 to begin, else what the call before returned
 *  @return the CRC-32 of everything so far */
uint32_t tnf_crc32(uint32_t crc, const void *data, size_t size);

#endif
