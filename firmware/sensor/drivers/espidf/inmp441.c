/* An INMP441 microphone (or one like it: 24 bits in 32-bit slots) on I2S, for ESP-IDF 5.3 and
 * later. Not tried on silicon.
 *
 * DMA takes the words, a task puts the upper 16 of their 24 bits into the ring: fractions of full
 * scale, -26 dB of it at 94 dB SPL. Pins: sck, ws and sd; L/R to ground, for the left slot.
 *
 * Figures are those of DS-INMP441-00 revision 1.1. */
#include <stdbool.h>

#include "driver/i2s_std.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#include "tnf_sensor.h"
#include "tnf_sensor_config.h"

#if TNF_SENSOR_CHANNELS != 1 || TNF_SENSOR_VALUE_BYTES != 2
#error "an INMP441 gives one int16 value: set channels and format in [sensor]"
#endif
#if TNF_SENSOR_RATE_HZ < 7800 || TNF_SENSOR_RATE_HZ > 50000
#error "an INMP441 does 7.8 to 50 kHz: set rate_hz in [sensor]"
#endif

#define READ_MS 100 /* words have stopped coming after this long */

/* The microphone is silent for 2^18 cycles of SCK, 64 of which are a sample. */
#define START_UP_SAMPLES ((1u << 18) / 64u)

#define BLOCK_SAMPLES 128u

#define TASK_STACK_BYTES 3072
#define TASK_PRIORITY 5 /* the main loop has 1 */

static i2s_chan_handle_t channel;
static tnf_ring_t *ring;
static volatile bool wanted;
static volatile bool at_work;
static volatile bool overflowed;

/* In the interrupt: the task was late, and DMA has overwritten words that it has not seen. */
static bool on_overflow(i2s_chan_handle_t handle, i2s_event_data_t *event, void *context)
{
    (void)handle;
    (void)event;
    (void)context;
    overflowed = true;
    return false; /* no task is to be woken for it */
}

static bool open_channel(void)
{
    const i2s_chan_config_t config = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_AUTO, I2S_ROLE_MASTER);
    const i2s_event_callbacks_t callbacks = {.on_recv_q_ovf = on_overflow};
    i2s_std_config_t mode = {
        .clk_cfg = I2S_STD_CLK_DEFAULT_CONFIG(TNF_SENSOR_RATE_HZ),
        .slot_cfg =
            I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(I2S_DATA_BIT_WIDTH_32BIT, I2S_SLOT_MODE_MONO),
        .gpio_cfg =
            {
                .mclk = I2S_GPIO_UNUSED,
                .bclk = TNF_SENSOR_PIN_SCK,
                .ws = TNF_SENSOR_PIN_WS,
                .dout = I2S_GPIO_UNUSED,
                .din = TNF_SENSOR_PIN_SD,
            },
    };
    mode.slot_cfg.slot_mask = I2S_STD_SLOT_LEFT; /* not the default of all chips */
    if (i2s_new_channel(&config, NULL, &channel) != ESP_OK) {
        return false;
    }
    if (i2s_channel_register_event_callback(channel, &callbacks, NULL) == ESP_OK &&
        i2s_channel_init_std_mode(channel, &mode) == ESP_OK &&
        i2s_channel_enable(channel) == ESP_OK) {
        return true;
    }
    (void)i2s_del_channel(channel);
    return false;
}

static void close_channel(void)
{
    (void)i2s_channel_disable(channel);
    (void)i2s_del_channel(channel);
}

static int32_t words[BLOCK_SAMPLES];

/* @return how many words came, 0 when they have stopped */
static uint32_t read_words(uint32_t wait_ms)
{
    size_t bytes = 0;
    (void)i2s_channel_read(channel, words, sizeof words, &bytes, wait_ms);
    return (uint32_t)(bytes / sizeof words[0]);
}

static void push(uint32_t samples)
{
    for (uint32_t from = 0; from < samples;) {
        uint32_t piece = samples - from;
        int16_t *to = tnf_ring_reserve(ring, &piece);
        for (uint32_t i = 0; i < piece; ++i) {
            to[i] = (int16_t)(uint16_t)((uint32_t)words[from + i] >> 16);
        }
        tnf_ring_commit(ring, piece);
        from += piece;
    }
}

static void work(void *unused)
{
    (void)unused;
    for (uint32_t heard = 0; wanted && heard < START_UP_SAMPLES;) {
        heard += read_words(READ_MS);
    }
    while (wanted) {
        uint32_t samples = read_words(READ_MS);
        if (overflowed) {
            /* Nobody knows which of the words in DMA's queue are in one piece: away with them. */
            do {
                overflowed = false;
                while (read_words(0) > 0) {
                }
            } while (overflowed);
            samples = 0;
        }
        if (samples == 0) {
            tnf_ring_gap(ring);
        }
        push(samples);
    }
    at_work = false;
    vTaskDelete(NULL);
}

static tnf_status_t start(tnf_ring_t *samples)
{
    ring = samples;
    overflowed = false;
    if (!open_channel()) {
        return TNF_NO_SENSOR;
    }
    wanted = true;
    at_work = true;
    if (xTaskCreate(work, "inmp441", TASK_STACK_BYTES, NULL, TASK_PRIORITY, NULL) != pdPASS) {
        at_work = false;
        close_channel();
        return TNF_NO_SENSOR;
    }
    return TNF_OK;
}

static void stop(void)
{
    wanted = false;
    while (at_work) {
        vTaskDelay(1);
    }
    close_channel();
}

const tnf_sensor_t tnf_sensor = {.start = start, .stop = stop};
