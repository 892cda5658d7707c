/** @file
 * What differs between Arduino cores: one implementation in each layer arduino_<...>.
 */
#ifndef TNF_ARDUINO_H
#define TNF_ARDUINO_H

#include "tnf_port.h"

/** Called before the console is opened. */
void tnf_arduino_begin(void);

/** The counter of tnf_port.h. */
uint32_t tnf_arduino_counter(void);

/** Fills in what the core tells of stack, heap and reset; the rest of @p health is set already. */
void tnf_arduino_health(tnf_port_health_t *health);

/** Restarts the board like tnf_port_reset. */
tnf_status_t tnf_arduino_reset(bool bootloader);

#endif
