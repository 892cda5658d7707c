/** @file
 * What of the ESP32-C3's core has no address: its cycle counter and its interrupts.
 */
#ifndef ESP32C3_CORE_H
#define ESP32C3_CORE_H

#include <stdbool.h>
#include <stdint.h>

/** Begins to count cycles: control registers of Espressif's own. */
static inline void esp32c3_count_cycles(void)
{
    __asm__ volatile(".option push\n\t"
                     ".option arch, +zicsr\n\t"
                     "csrwi 0x7e0, 1\n\t"
                     "csrwi 0x7e1, 1\n\t"
                     ".option pop" ::
                         : "memory");
}

/** Cycles; wraps. */
static inline uint32_t esp32c3_cycles(void)
{
    uint32_t cycles;
    __asm__ volatile(".option push\n\t"
                     ".option arch, +zicsr\n\t"
                     "csrr %0, 0x7e2\n\t"
                     ".option pop"
                     : "=r"(cycles)::"memory");
    return cycles;
}

/** Lets the core take interrupts, or not. */
static inline void esp32c3_interrupts(bool take)
{
    if (take) {
        __asm__ volatile(".option push\n\t"
                         ".option arch, +zicsr\n\t"
                         "csrsi mstatus, 8\n\t"
                         ".option pop" ::
                             : "memory");
    } else {
        __asm__ volatile(".option push\n\t"
                         ".option arch, +zicsr\n\t"
                         "csrci mstatus, 8\n\t"
                         ".option pop" ::
                             : "memory");
    }
}

#endif
