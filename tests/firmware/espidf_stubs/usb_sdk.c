/* The chip's USB that a test looks into, and the registers that ask for the ROM's loader. */
#include <string.h>

#include "driver/usb_serial_jtag.h"
#include "soc/soc.h"

uint8_t stub_usb_inbox[256];
size_t stub_usb_inbox_bytes;
uint8_t stub_usb_outbox[4096];
size_t stub_usb_outbox_bytes;
bool stub_usb_cable = true;
bool stub_usb_reader = true;
TickType_t stub_usb_waited_ticks;
volatile uint32_t stub_rtc_option1;
volatile uint32_t stub_lp_aon_sys_cfg = 4;

static uint32_t transmit_bytes;

esp_err_t usb_serial_jtag_driver_install(usb_serial_jtag_driver_config_t *config)
{
    transmit_bytes = config->tx_buffer_size;
    /* The driver's own condition: over an endpoint's 64. */
    return config->rx_buffer_size > 64 && config->tx_buffer_size > 64 ? 0 : -1;
}

int usb_serial_jtag_read_bytes(void *data, uint32_t length, TickType_t ticks_to_wait)
{
    size_t taken = length < stub_usb_inbox_bytes ? length : stub_usb_inbox_bytes;
    if (taken == 0) {
        stub_usb_waited_ticks += ticks_to_wait;
    }
    memcpy(data, stub_usb_inbox, taken);
    memmove(stub_usb_inbox, stub_usb_inbox + taken, stub_usb_inbox_bytes - taken);
    stub_usb_inbox_bytes -= taken;
    return (int)taken;
}

/* Like the driver: a piece goes into the buffer whole or not at all; it empties while it is read.
 */
int usb_serial_jtag_write_bytes(const void *data, size_t size, TickType_t ticks_to_wait)
{
    if (size == 0 || size > transmit_bytes / 2) {
        return -1;
    }
    if (!stub_usb_reader && stub_usb_outbox_bytes + size > transmit_bytes) {
        stub_usb_waited_ticks += ticks_to_wait;
        return 0;
    }
    memcpy(stub_usb_outbox + stub_usb_outbox_bytes, data, size);
    stub_usb_outbox_bytes += size;
    return (int)size;
}

bool usb_serial_jtag_is_connected(void)
{
    return stub_usb_cable;
}
