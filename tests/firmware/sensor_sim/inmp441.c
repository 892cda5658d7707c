/* An INMP441 behind ESP-IDF's I2S driver: 24 bits in 32-bit slots, nothing for the first 2^18
 * cycles of SCK, DMA buffers of which the oldest is lost when nobody reads. Sample n is n in the
 * upper 16 bits, and noise in the eight below. */
#include <stdlib.h>
#include <string.h>

#include "driver/i2s_std.h"
#include "sim.h"

#define MOST_BUFFERS 16
#define MOST_FRAMES 512
#define START_UP_FRAMES 4096

uint32_t sim_fail_at; /* the call that fails: 1 new, 2 callback, 3 init, 4 enable */
bool sim_stuck;       /* no clock */
int sim_sck, sim_ws, sim_sd;
uint32_t sim_overflows;
uint32_t sim_channels;

static int channel;
static bool enabled, initialised;
static i2s_event_callbacks_t callbacks;
static i2s_chan_config_t dma;
static i2s_std_config_t mode;
static int32_t buffers[MOST_BUFFERS][MOST_FRAMES];
static uint32_t first, full; /* of the buffers that wait */
static uint32_t filling, frame, reading;
static uint32_t frames;
static uint32_t remainder_hz;

static void frame_comes(void)
{
    uint32_t n = frames++;
    uint32_t value = n < START_UP_FRAMES ? 0 : (n - START_UP_FRAMES) << 16 | (n * 7u & 0xffu) << 8;
    memcpy(&buffers[filling][frame], &value, sizeof value);
    if (++frame < dma.dma_frame_num) {
        return;
    }
    frame = 0;
    filling = (filling + 1) % dma.dma_desc_num;
    if (full == dma.dma_desc_num - 1) {
        i2s_event_data_t event = {.size = dma.dma_frame_num * 4};
        ++sim_overflows;
        first = (first + 1) % dma.dma_desc_num; /* the oldest that waits is written over */
        reading = 0;
        if (callbacks.on_recv_q_ovf != NULL) {
            (void)callbacks.on_recv_q_ovf((i2s_chan_handle_t)(void *)&channel, &event, NULL);
        }
    } else {
        ++full;
    }
}

void sim_sensor_step(void)
{
    if (!enabled || sim_stuck) {
        return;
    }
    remainder_hz += mode.clk_cfg.sample_rate_hz;
    for (; remainder_hz >= 1000; remainder_hz -= 1000) {
        frame_comes();
    }
}

esp_err_t i2s_new_channel(const i2s_chan_config_t *config, i2s_chan_handle_t *tx,
                          i2s_chan_handle_t *rx)
{
    if (tx != NULL || sim_channels != 0 || config->role != I2S_ROLE_MASTER ||
        config->dma_desc_num > MOST_BUFFERS || config->dma_frame_num > MOST_FRAMES) {
        abort();
    }
    if (sim_fail_at == 1) {
        return ESP_FAIL;
    }
    dma = *config;
    memset(&callbacks, 0, sizeof callbacks);
    first = full = filling = frame = reading = frames = remainder_hz = 0;
    initialised = false;
    ++sim_channels;
    *rx = (i2s_chan_handle_t)(void *)&channel;
    return ESP_OK;
}

static void check(i2s_chan_handle_t handle, bool state)
{
    if ((void *)handle != (void *)&channel || !state) {
        abort();
    }
}

esp_err_t i2s_del_channel(i2s_chan_handle_t handle)
{
    check(handle, sim_channels == 1 && !enabled);
    --sim_channels;
    return ESP_OK;
}

esp_err_t i2s_channel_register_event_callback(i2s_chan_handle_t handle,
                                              const i2s_event_callbacks_t *wanted, void *context)
{
    check(handle, !enabled && context == NULL);
    callbacks = *wanted;
    return sim_fail_at == 2 ? ESP_FAIL : ESP_OK;
}

esp_err_t i2s_channel_init_std_mode(i2s_chan_handle_t handle, const i2s_std_config_t *config)
{
    check(handle, !enabled);
    mode = *config;
    sim_sck = config->gpio_cfg.bclk;
    sim_ws = config->gpio_cfg.ws;
    sim_sd = config->gpio_cfg.din;
    /* What the microphone needs: Philips format, 32-bit slots, the left one. */
    initialised = config->slot_cfg.data_bit_width == I2S_DATA_BIT_WIDTH_32BIT &&
                  config->slot_cfg.slot_mode == I2S_SLOT_MODE_MONO &&
                  config->slot_cfg.slot_mask == I2S_STD_SLOT_LEFT && config->slot_cfg.bit_shift &&
                  !config->slot_cfg.ws_pol && config->gpio_cfg.dout == I2S_GPIO_UNUSED;
    return sim_fail_at == 3 || !initialised ? ESP_FAIL : ESP_OK;
}

esp_err_t i2s_channel_enable(i2s_chan_handle_t handle)
{
    check(handle, initialised && !enabled);
    enabled = sim_fail_at != 4;
    return enabled ? ESP_OK : ESP_FAIL;
}

esp_err_t i2s_channel_disable(i2s_chan_handle_t handle)
{
    check(handle, enabled);
    enabled = false;
    return ESP_OK;
}

esp_err_t i2s_channel_read(i2s_chan_handle_t handle, void *dest, size_t size, size_t *bytes_read,
                           uint32_t timeout_ms)
{
    uint8_t *to = dest;
    size_t got = 0;
    check(handle, enabled);
    while (got < size) {
        for (uint32_t waited = 0; full == 0; ++waited) {
            if (waited == timeout_ms) {
                *bytes_read = got;
                return ESP_ERR_TIMEOUT;
            }
            sim_wait();
        }
        uint32_t left = (dma.dma_frame_num - reading) * 4;
        uint32_t piece = size - got < left ? (uint32_t)(size - got) : left;
        memcpy(to + got, (uint8_t *)buffers[first] + 4 * reading, piece);
        got += piece;
        reading += piece / 4;
        if (reading == dma.dma_frame_num) {
            reading = 0;
            first = (first + 1) % dma.dma_desc_num;
            --full;
        }
    }
    *bytes_read = got;
    return ESP_OK;
}
