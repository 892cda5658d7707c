/* An SDK for a host process: UART 0 is standard input and output, no cable is in the chip's USB.
 * The process ends when the other side is gone. */
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "driver/uart.h"
#include "driver/usb_serial_jtag.h"
#include "esp_cpu.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "soc/soc.h"

volatile uint32_t stub_rtc_option1;
volatile uint32_t stub_lp_aon_sys_cfg;

void app_main(void);

int main(void)
{
    app_main();
    return 0;
}

void stub_check(esp_err_t code)
{
    if (code != 0) {
        abort();
    }
}

static int waiting(int ms)
{
    struct pollfd console = {STDIN_FILENO, POLLIN, 0};
    return poll(&console, 1, ms) > 0;
}

esp_err_t uart_driver_install(uart_port_t port, int rx_buffer_size, int tx_buffer_size,
                              int queue_size, QueueHandle_t *queue, int interrupt_flags)
{
    (void)port, (void)rx_buffer_size, (void)tx_buffer_size;
    (void)queue_size, (void)queue, (void)interrupt_flags;
    return 0;
}

esp_err_t uart_param_config(uart_port_t port, const uart_config_t *config)
{
    (void)port, (void)config;
    return 0;
}

esp_err_t uart_get_buffered_data_len(uart_port_t port, size_t *size)
{
    (void)port;
    *size = waiting(0) ? 1 : 0;
    return 0;
}

int uart_read_bytes(uart_port_t port, void *data, uint32_t length, TickType_t ticks_to_wait)
{
    (void)port;
    if (!waiting((int)ticks_to_wait)) {
        return 0;
    }
    ssize_t taken = read(STDIN_FILENO, data, length);
    if (taken <= 0) {
        exit(0);
    }
    return (int)taken;
}

int uart_tx_chars(uart_port_t port, const char *data, uint32_t size)
{
    (void)port;
    return (int)write(STDOUT_FILENO, data, size);
}

esp_err_t usb_serial_jtag_driver_install(usb_serial_jtag_driver_config_t *config)
{
    (void)config;
    return 0;
}

int usb_serial_jtag_read_bytes(void *data, uint32_t length, TickType_t ticks_to_wait)
{
    (void)data, (void)length, (void)ticks_to_wait;
    return 0;
}

int usb_serial_jtag_write_bytes(const void *data, size_t size, TickType_t ticks_to_wait)
{
    (void)data, (void)size, (void)ticks_to_wait;
    abort();
}

bool usb_serial_jtag_is_connected(void)
{
    return false;
}

int64_t esp_timer_get_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

esp_cpu_cycle_count_t esp_cpu_get_cycle_count(void)
{
    return (uint32_t)esp_timer_get_time() * 240u;
}

esp_err_t esp_task_wdt_add(TaskHandle_t task)
{
    (void)task;
    return 0;
}

esp_err_t esp_task_wdt_reset(void)
{
    return 0;
}

UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task)
{
    (void)task;
    return 5000;
}

uint32_t esp_get_free_heap_size(void)
{
    return 123456;
}

esp_reset_reason_t esp_reset_reason(void)
{
    return ESP_RST_POWERON;
}

void esp_restart(void)
{
    exit(7);
}

void vTaskDelay(TickType_t ticks)
{
    (void)poll(NULL, 0, (int)ticks);
}
