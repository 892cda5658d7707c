/** @file
 * Access to memory-mapped registers by their address.
 */
#ifndef REGISTER_H
#define REGISTER_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t reg_read(uint32_t address)
{
    return *(volatile uint32_t *)address;
}

static inline void reg_write(uint32_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

/** Sets the bits of @p mask to those of @p value and leaves the others. */
static inline void reg_change(uint32_t address, uint32_t mask, uint32_t value)
{
    reg_write(address, (reg_read(address) & ~mask) | value);
}

/** Looks until the bits of @p mask are @p value, for some milliseconds at most.
 *  @return whether they are */
static inline bool reg_becomes(uint32_t address, uint32_t mask, uint32_t value)
{
    for (uint32_t looks = 0; looks < 20000; looks++) {
        if ((reg_read(address) & mask) == value) {
            return true;
        }
    }
    return false;
}

#endif
