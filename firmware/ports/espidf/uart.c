/* UART 0, on the pins that the chip starts with: where boards have their USB serial chip. */
#include "driver/uart.h"
#include "esp_err.h"
#include "freertos/FreeRTOS.h"

#include "espidf.h"
#include "tnf_board.h"

#define CONSOLE UART_NUM_0

/* What may arrive while an inference runs and nobody reads; over the hardware FIFO's 128. */
#define RECEIVE_BYTES 4096

static void open_uart(void)
{
    const uart_config_t console = {
        .baud_rate = TNF_BAUD,
        .data_bits = UART_DATA_8_BITS,
        .parity = UART_PARITY_DISABLE,
        .stop_bits = UART_STOP_BITS_1,
        .flow_ctrl = UART_HW_FLOWCTRL_DISABLE,
        .source_clk = UART_SCLK_DEFAULT,
    };
    ESP_ERROR_CHECK(uart_driver_install(CONSOLE, RECEIVE_BYTES, 0, 0, NULL, 0));
    ESP_ERROR_CHECK(uart_param_config(CONSOLE, &console));
}

static size_t read_uart(uint8_t *buffer, size_t capacity, uint32_t wait_ms)
{
    size_t waiting = 0;
    ESP_ERROR_CHECK(uart_get_buffered_data_len(CONSOLE, &waiting));
    /* The driver waits until it has all that was asked for: ask for what is there. */
    size_t wanted = waiting == 0 ? 1 : (waiting < capacity ? waiting : capacity);
    TickType_t patience = waiting == 0 ? pdMS_TO_TICKS(wait_ms) : 0;
    int taken = uart_read_bytes(CONSOLE, buffer, (uint32_t)wanted, patience);
    return taken > 0 ? (size_t)taken : 0;
}

static size_t write_uart(const uint8_t *data, size_t size)
{
    /* Into the FIFO, without waiting; only where there is no transmit buffer. */
    int sent = uart_tx_chars(CONSOLE, (const char *)data, (uint32_t)size);
    return sent > 0 ? (size_t)sent : 0;
}

const tnf_serial_t tnf_serial_uart = {open_uart, read_uart, write_uart};
