/* The port of ESP-IDF chips: the counter is the core's cycle counter, the console is every
 * connection that the board has.
 *
 * Everything runs in the main task. Cycles are those of the core it is pinned to and include the
 * interrupts that came in between. Not tried on silicon. */
#include "esp_cpu.h"
#include "esp_err.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#include "espidf.h"
#include "tnf_application.h"
#include "tnf_board.h"
#include "tnf_port.h"

/* An empty read blocks this long, so that the idle task runs and the core can rest. */
#define IDLE_MS 4
/* The same while something is going out: a FIFO of 128 bytes lasts longer at 921600 baud. */
#define SENDING_MS 1

/* The answer that says so goes out before the restart: a USB's buffer goes with it. */
#define FAREWELL_MS 50

/* Where the host was last heard; NULL, which is all of them, until it was. */
static const tnf_serial_t *host;

/* And not all of it was taken. */
static bool sending;

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
    for (size_t i = 0; tnf_serials[i] != NULL; ++i) {
        tnf_serials[i]->open();
    }
    /* A main loop that does not come round restarts the board. The idle tasks are not watched:
     * one inference may well take longer than they would allow. */
    ESP_ERROR_CHECK(esp_task_wdt_add(NULL));
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    ESP_ERROR_CHECK(esp_task_wdt_reset());
    if (capacity == 0) {
        vTaskDelay(pdMS_TO_TICKS(SENDING_MS));
        return 0;
    }
    for (size_t i = 0; tnf_serials[i] != NULL; ++i) {
        size_t taken = tnf_serials[i]->read(buffer, capacity, 0);
        if (taken > 0) {
            host = tnf_serials[i];
            return taken;
        }
    }
    return (host != NULL ? host : tnf_serials[0])
        ->read(buffer, capacity, sending ? SENDING_MS : IDLE_MS);
}

/* Until a host was heard, the first one takes what it does, and the others get the same or lose it.
 */
static size_t write_all(const uint8_t *data, size_t size)
{
    size_t taken = tnf_serials[0]->write(data, size);
    for (size_t i = 1; tnf_serials[i] != NULL; ++i) {
        (void)tnf_serials[i]->write(data, taken);
    }
    return taken;
}

size_t tnf_port_write(const uint8_t *data, size_t size)
{
    size_t taken = host != NULL ? host->write(data, size) : write_all(data, size);
    sending = taken < size;
    return taken;
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
    vTaskDelay(pdMS_TO_TICKS(FAREWELL_MS));
    if (bootloader) {
        return tnf_espidf_bootloader();
    }
    esp_restart();
}
