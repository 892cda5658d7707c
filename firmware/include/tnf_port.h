/** @file
 * What a board must provide: one implementation per folder of firmware/ports.
 *
 * No function may allocate. All are called from the main loop, never from an ISR; a port's own ISRs
 * speak to them through rings (bare/rx_ring.h). A fault handler, after which there is no main loop,
 * may call tnf_port_write.
 */
#ifndef TNF_PORT_H
#define TNF_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tnf_status.h"

/** How the board is. */
typedef struct tnf_port_health {
    uint32_t uptime_ms;        /**< wraps after 49 days */
    uint32_t stack_bytes;      /**< size of the main stack, 0 where unknown */
    uint32_t stack_used_bytes; /**< most of it ever used, 0 where unknown */
    uint32_t heap_free_bytes;  /**< 0 where there is no heap */
    uint32_t reset_reason;     /**< the chip's own code, 0 where unknown */
    uint32_t clock_hz; /**< of the core, where the port measures it; 0: the board profile's */
} tnf_port_health_t;

/** Brings up clock, console UART, counter and watchdogs. Called once, first. */
void tnf_port_init(void);

/** Takes what has arrived. When that is nothing, the port may let the processor rest until
 *  something arrives, for a few milliseconds at most; not while the UART has less than
 *  tnf_port_write was last given. Called again and again, also with a capacity of 0: watchdogs are
 *  fed here.
 *  @return bytes written to @p buffer, 0 to @p capacity */
size_t tnf_port_read(uint8_t *buffer, size_t capacity);

/** Hands over what the UART takes without waiting, from the first byte on; the rest comes again.
 *  A port whose other side is gone takes all, and drops it.
 *  @return how many bytes that were, 0 to @p size */
size_t tnf_port_write(const uint8_t *data, size_t size);

/** A free-running counter in the board's ticks; wraps at 2^32. The board profile says how many
 *  ticks are how many instructions, cycles or nanoseconds. */
uint32_t tnf_port_counter(void);

/** Milliseconds since start; wraps. */
uint32_t tnf_port_uptime_ms(void);

/** Fills in @p health. */
void tnf_port_health(tnf_port_health_t *health);

/** Restarts the board, into its serial bootloader where @p bootloader asks for it.
 *  @return only where that is not possible: TNF_UNSUPPORTED */
tnf_status_t tnf_port_reset(bool bootloader);

#endif
