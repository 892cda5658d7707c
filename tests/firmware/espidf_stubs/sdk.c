/* A UART, a clock and a watchdog that a test looks into, behind the declarations beside this. */
#include <stdlib.h>
#include <string.h>

#include "driver/uart.h"
#include "esp_cpu.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"

uint8_t stub_inbox[256];
size_t stub_inbox_bytes;
uint8_t stub_outbox[256];
size_t stub_outbox_bytes;
int stub_baud;
unsigned stub_watchdog_adds;
unsigned stub_watchdog_resets;
TickType_t stub_waited_ticks;
uint32_t stub_stack_never_used = 5000;

void stub_check(esp_err_t code)
{
    if (code != 0) {
        abort();
    }
}

esp_err_t uart_driver_install(uart_port_t port, int rx_buffer_size, int tx_buffer_size,
                              int queue_size, QueueHandle_t *queue, int interrupt_flags)
{
    (void)port;
    /* The driver's own conditions: larger than the FIFO, or no transmit buffer at all. */
    return rx_buffer_size > 128 && (tx_buffer_size == 0 || tx_buffer_size > 128) &&
                   queue_size == 0 && queue == NULL && interrupt_flags == 0
               ? 0
               : -1;
}

esp_err_t uart_param_config(uart_port_t port, const uart_config_t *config)
{
    (void)port;
    stub_baud = config->baud_rate;
    return 0;
}

esp_err_t uart_get_buffered_data_len(uart_port_t port, size_t *size)
{
    (void)port;
    *size = stub_inbox_bytes;
    return 0;
}

/* Like the driver: takes its time when less is there than asked for. */
int uart_read_bytes(uart_port_t port, void *data, uint32_t length, TickType_t ticks_to_wait)
{
    (void)port;
    size_t taken = length < stub_inbox_bytes ? length : stub_inbox_bytes;
    if (taken < length) {
        stub_waited_ticks += ticks_to_wait;
    }
    memcpy(data, stub_inbox, taken);
    memmove(stub_inbox, stub_inbox + taken, stub_inbox_bytes - taken);
    stub_inbox_bytes -= taken;
    return (int)taken;
}

/* Takes at most 100 bytes at once: the room of the FIFO. */
int uart_tx_chars(uart_port_t port, const char *data, uint32_t size)
{
    (void)port;
    size_t taken = size < 100 ? size : 100;
    memcpy(stub_outbox + stub_outbox_bytes, data, taken);
    stub_outbox_bytes += taken;
    return (int)taken;
}

esp_cpu_cycle_count_t esp_cpu_get_cycle_count(void)
{
    return 0xFFFFFFF0u;
}

int64_t esp_timer_get_time(void)
{
    return 5000000000000; /* µs: beyond what 32 bits of ms hold */
}

esp_err_t esp_task_wdt_add(TaskHandle_t task)
{
    stub_watchdog_adds++;
    return task == NULL ? 0 : -1;
}

esp_err_t esp_task_wdt_reset(void)
{
    stub_watchdog_resets++;
    return 0;
}

UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task)
{
    (void)task;
    return stub_stack_never_used;
}

uint32_t esp_get_free_heap_size(void)
{
    return 123456;
}

esp_reset_reason_t esp_reset_reason(void)
{
    return ESP_RST_SW;
}

void esp_restart(void)
{
    exit(7);
}

void vTaskDelay(TickType_t ticks)
{
    (void)ticks;
}
