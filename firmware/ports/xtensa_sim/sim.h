/** @file
 * What the parts of this port know of one another.
 */
#ifndef SIM_H
#define SIM_H

#include <stdint.h>

/** Ticks of CCOUNT that emulation took so far; wraps. An emulated instruction itself is not in
 *  them. */
uint32_t sim_emulation_ticks(void);

#endif
