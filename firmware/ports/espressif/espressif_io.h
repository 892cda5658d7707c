/** @file
 * Access to the registers of Espressif's chips, by address.
 */
#ifndef ESPRESSIF_IO_H
#define ESPRESSIF_IO_H

#include <stdint.h>

static inline uint32_t espressif_get(uint32_t address)
{
    return *(volatile uint32_t *)(uintptr_t)address;
}

static inline void espressif_set(uint32_t address, uint32_t value)
{
    *(volatile uint32_t *)(uintptr_t)address = value;
}

/** Clears the bits of @p clear, then sets those of @p set. */
static inline void espressif_change(uint32_t address, uint32_t clear, uint32_t set)
{
    espressif_set(address, (espressif_get(address) & ~clear) | set);
}

#endif
