/* The port of ESP-IDF chips: the console is UART 0, the counter is the core's cycle counter.
 *
 * Everything runs in the main task. Cycles are those of the core it is pinned to and include the
 * interrupts that came in between. Not tried on silicon. */
#include "driver/uart.h"
#include "esp_cpu.h"
#include "esp_err.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#include "tnf_application.h"
#include "tnf_board.h"
#include "tnf_port.h"

#define CONSOLE UART_NUM_0

/* What may arrive while an inference runs and nobody reads; over the hardware FIFO's 128. */
#define RECEIVE_BYTES 4096

/* An empty read blocks this long, so that the idle task runs and the core can rest. */
#define IDLE_MS 4

void app_main(void);

/* Where the SDK starts an application. */
void app_main(void)
{
    tnf_application_start();
    for (;;) {
        tnf_application_poll();
    }
}

void tnf_port_init(void)
{
    const uart_config_t console = {
        .baud_rate = TNF_BAUD,
        .data_bits = UART_DATA_8_BITS,
        .parity = UART_PARITY_DISABLE,
        .stop_bits = UART_STOP_BITS_1,
        .flow_ctrl = UART_HW_FLOWCTRL_DISABLE,
        .source_clk = UART_SCLK_DEFAULT,
    };
    /* Without a transmit buffer a write returns when the FIFO has its last byte. */
    ESP_ERROR_CHECK(uart_driver_install(CONSOLE, RECEIVE_BYTES, 0, 0, NULL, 0));
    ESP_ERROR_CHECK(uart_param_config(CONSOLE, &console));
    /* A main loop that does not come round restarts the board. The idle tasks are not watched:
     * one inference may well take longer than they would allow. */
    ESP_ERROR_CHECK(esp_task_wdt_add(NULL));
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    size_t waiting = 0;
    ESP_ERROR_CHECK(esp_task_wdt_reset());
    if (capacity == 0) {
        return 0;
    }
    ESP_ERROR_CHECK(uart_get_buffered_data_len(CONSOLE, &waiting));
    /* The driver waits until it has all that was asked for: ask for what is there. */
    size_t wanted = waiting == 0 ? 1 : (waiting < capacity ? waiting : capacity);
    TickType_t patience = waiting == 0 ? pdMS_TO_TICKS(IDLE_MS) : 0;
    int taken = uart_read_bytes(CONSOLE, buffer, (uint32_t)wanted, patience);
    return taken > 0 ? (size_t)taken : 0;
}

void tnf_port_write(const uint8_t *data, size_t size)
{
    while (size > 0) {
        int sent = uart_write_bytes(CONSOLE, data, size);
        if (sent <= 0) {
            return; /* only where the driver is not installed */
        }
        data += sent;
        size -= (size_t)sent;
    }
}

uint32_t tnf_port_counter(void)
{
    return (uint32_t)esp_cpu_get_cycle_count();
}

uint32_t tnf_port_uptime_ms(void)
{
    return (uint32_t)(esp_timer_get_time() / 1000);
}

void tnf_port_health(tnf_port_health_t *health)
{
    /* The SDK counts stacks in bytes. */
    uint32_t never_used = (uint32_t)uxTaskGetStackHighWaterMark(NULL);
    *health = (tnf_port_health_t){
        .uptime_ms = tnf_port_uptime_ms(),
        .stack_bytes = TNF_STACK_BYTES,
        .stack_used_bytes = never_used < TNF_STACK_BYTES ? TNF_STACK_BYTES - never_used : 0,
        .heap_free_bytes = esp_get_free_heap_size(),
        .reset_reason = (uint32_t)esp_reset_reason(),
    };
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    if (bootloader) {
        return TNF_UNSUPPORTED; /* the strapping pins decide, through the serial chip's lines */
    }
    esp_restart();
}
