/* The chip's own USB-Serial-JTAG: a serial port without a serial chip, which has no baud rate.
 *
 * A cable may be there with nobody who reads. What is sent then fills the transmit buffer; the one
 * who sends next waits once, and no more until the buffer was seen to empty. */
#include <stdbool.h>

#include "driver/usb_serial_jtag.h"
#include "esp_err.h"
#include "freertos/FreeRTOS.h"

#include "espidf.h"

#define RECEIVE_BYTES 4096
#define TRANSMIT_BYTES 1024

/* The driver takes a piece whole or not at all. */
#define PIECE_BYTES 256
#define STALL_MS 100

static bool stalled;

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
    if (taken <= 0) {
        return 0;
    }
    stalled = false; /* somebody is there */
    return (size_t)taken;
}

static void write_usb(const uint8_t *data, size_t size)
{
    while (size > 0 && usb_serial_jtag_is_connected()) {
        size_t piece = size < PIECE_BYTES ? size : PIECE_BYTES;
        TickType_t patience = stalled ? 0 : pdMS_TO_TICKS(STALL_MS);
        int sent = usb_serial_jtag_write_bytes(data, piece, patience);
        stalled = sent <= 0;
        if (stalled) {
            return;
        }
        data += sent;
        size -= (size_t)sent;
    }
}

const tnf_serial_t tnf_serial_usb = {open_usb, read_usb, write_usb};
