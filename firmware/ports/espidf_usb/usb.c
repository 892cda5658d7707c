/* The chip's own USB-Serial-JTAG: a serial port without a serial chip, which has no baud rate.
 *
 * A cable may be there with nobody who reads. What is sent then fills the transmit buffer, and
 * nothing more is taken until somebody does. */
#include "driver/usb_serial_jtag.h"
#include "esp_err.h"
#include "freertos/FreeRTOS.h"

#include "espidf.h"

#define RECEIVE_BYTES 4096
#define TRANSMIT_BYTES 1024

/* The driver takes a piece whole or not at all. */
#define PIECE_BYTES 64

static void open_usb(void)
{
    usb_serial_jtag_driver_config_t console = {
        .tx_buffer_size = TRANSMIT_BYTES,
        .rx_buffer_size = RECEIVE_BYTES,
    };
    ESP_ERROR_CHECK(usb_serial_jtag_driver_install(&console));
}

static size_t read_usb(uint8_t *buffer, size_t capacity, uint32_t wait_ms)
{
    int taken = usb_serial_jtag_read_bytes(buffer, (uint32_t)capacity, pdMS_TO_TICKS(wait_ms));
    return taken > 0 ? (size_t)taken : 0;
}

static size_t write_usb(const uint8_t *data, size_t size)
{
    size_t taken = 0;
    if (!usb_serial_jtag_is_connected()) {
        return size;
    }
    while (taken < size) {
        size_t piece = size - taken < PIECE_BYTES ? size - taken : PIECE_BYTES;
        int sent = usb_serial_jtag_write_bytes(data + taken, piece, 0);
        if (sent <= 0) {
            break;
        }
        taken += (size_t)sent;
    }
    return taken;
}

const tnf_serial_t tnf_serial_usb = {open_usb, read_usb, write_usb};
