/** @file
 * What the layers of the ESP-IDF port are to one another.
 *
 * The console is every connection that the layers list: boards have a serial chip at UART 0, the
 * chip's own USB, or both on two connectors, and only their owner knows which one has the cable.
 */
#ifndef TNF_ESPIDF_H
#define TNF_ESPIDF_H

#include <stddef.h>
#include <stdint.h>

#include "tnf_status.h"

/** A way from the chip to a host. */
typedef struct tnf_serial {
    void (*open)(void);
    /** Takes what has arrived; waits up to @p wait_ms for it when that is nothing.
     *  @return bytes written to @p buffer, 0 to @p capacity, which is 1 or more */
    size_t (*read)(uint8_t *buffer, size_t capacity, uint32_t wait_ms);
    /** Hands over what fits without waiting; all, which is dropped, where no cable is.
     *  @return bytes taken, 0 to @p size */
    size_t (*write)(const uint8_t *data, size_t size);
} tnf_serial_t;

extern const tnf_serial_t tnf_serial_uart;
extern const tnf_serial_t tnf_serial_usb;

/** The board's connections, NULL after the last; by the layer that stands for its connectors. */
extern const tnf_serial_t *const tnf_serials[];

/** Restarts the chip into the loader in its ROM; by the layer that stands for the chip's family.
 *  @return only where that is not possible: TNF_UNSUPPORTED */
tnf_status_t tnf_espidf_bootloader(void);

#endif
