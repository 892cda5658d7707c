/* An MPU-6050 accelerometer on I2C, for ESP-IDF 5.3 and later. Not tried on silicon.
 *
 * The sensor samples at its own clock into its FIFO, a task empties that into the ring. Samples are
 * x, y and z at +-2 g, 16384 units per g. Pins: sda and scl; AD0 to ground. The internal pull-ups
 * are on; wires of more than a hand's length want stronger ones.
 *
 * Registers are those of RM-MPU-6000A-00 revision 4.2. */
#include <stdbool.h>

#include "driver/i2c_master.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#include "tnf_sensor.h"
#include "tnf_sensor_config.h"

#if TNF_SENSOR_CHANNELS != 3 || TNF_SENSOR_VALUE_BYTES != 2
#error "an MPU-6050 gives three int16 values: set channels and format in [sensor]"
#endif
#if TNF_SENSOR_RATE_HZ < 4 || 1000 % TNF_SENSOR_RATE_HZ != 0
#error "an MPU-6050 divides 1 kHz by 1 to 250: set rate_hz in [sensor]"
#endif

#define ADDRESS 0x68 /* 0x69 where AD0 is high */
#define SCL_HZ 400000
#define TRANSFER_MS 50
#define RESET_MS 100
#define WAKE_MS 30 /* of the gyroscope, whose PLL is the clock */
#define RETRY_MS 1000

#define TASK_STACK_BYTES 3072
#define TASK_PRIORITY 5 /* the main loop has 1 */

enum {
    SMPLRT_DIV = 0x19,
    CONFIG = 0x1a,
    ACCEL_CONFIG = 0x1c,
    FIFO_EN = 0x23,
    INT_ENABLE = 0x38,
    INT_STATUS = 0x3a,
    USER_CTRL = 0x6a,
    PWR_MGMT_1 = 0x6b,
    FIFO_COUNTH = 0x72,
    FIFO_R_W = 0x74,
    WHO_AM_I = 0x75,
};
#define WHO_AM_I_VALUE 0x68
#define PWR_DEVICE_RESET 0x80
#define PWR_CLOCK_PLL_X 0x01 /* awake, clocked by the gyroscope's X axis */
#define USER_FIFO_EN 0x40
#define USER_FIFO_RESET 0x04 /* works while USER_FIFO_EN is off */
#define FIFO_EN_ACCEL 0x08
#define INT_FIFO_OVERFLOW 0x10
#define ACCEL_2_G 0x00

/* The widest low-pass filter below half the rate; any of them makes the rate a part of 1 kHz. */
#define LOW_PASS                                                                                   \
    (TNF_SENSOR_RATE_HZ >= 368   ? 1 /* 184 Hz */                                                  \
     : TNF_SENSOR_RATE_HZ >= 188 ? 2 /* 94 Hz */                                                   \
     : TNF_SENSOR_RATE_HZ >= 88  ? 3 /* 44 Hz */                                                   \
     : TNF_SENSOR_RATE_HZ >= 42  ? 4 /* 21 Hz */                                                   \
     : TNF_SENSOR_RATE_HZ >= 20  ? 5 /* 10 Hz */                                                   \
                                 : 6 /* 5 Hz */)

#define FIFO_BYTES 1024u
#define SAMPLE_BYTES 6u
#define BLOCK_SAMPLES 32u /* of one transfer: 4.5 ms at 400 kHz */

/* Four looks at the FIFO a hop, at least every 50 ms: it holds 170 samples. */
#define HOP_MS (1000u * TNF_SENSOR_HOP / TNF_SENSOR_RATE_HZ)
#define POLL_MS (HOP_MS / 4u < 5u ? 5u : HOP_MS / 4u > 50u ? 50u : HOP_MS / 4u)

static i2c_master_dev_handle_t device;
static tnf_ring_t *ring;
static volatile bool wanted;
static volatile bool at_work;

static bool read_registers(uint8_t from, uint8_t *data, size_t size)
{
    return i2c_master_transmit_receive(device, &from, 1, data, size, TRANSFER_MS) == ESP_OK;
}

static bool write_register(uint8_t at, uint8_t value)
{
    const uint8_t bytes[] = {at, value};
    return i2c_master_transmit(device, bytes, sizeof bytes, TRANSFER_MS) == ESP_OK;
}

static bool attach(void)
{
    static i2c_master_bus_handle_t bus;
    const i2c_master_bus_config_t bus_config = {
        .i2c_port = -1, /* any that is free */
        .sda_io_num = TNF_SENSOR_PIN_SDA,
        .scl_io_num = TNF_SENSOR_PIN_SCL,
        .clk_source = I2C_CLK_SRC_DEFAULT,
        .glitch_ignore_cnt = 7,
        .flags = {.enable_internal_pullup = 1},
    };
    const i2c_device_config_t device_config = {
        .dev_addr_length = I2C_ADDR_BIT_LEN_7,
        .device_address = ADDRESS,
        .scl_speed_hz = SCL_HZ,
    };
    if (bus == NULL && i2c_new_master_bus(&bus_config, &bus) != ESP_OK) {
        bus = NULL;
        return false;
    }
    if (device == NULL && i2c_master_bus_add_device(bus, &device_config, &device) != ESP_OK) {
        device = NULL;
        return false;
    }
    return true;
}

static bool empty_fifo(void)
{
    uint8_t status;
    return write_register(USER_CTRL, USER_FIFO_RESET) && write_register(USER_CTRL, USER_FIFO_EN) &&
           read_registers(INT_STATUS, &status, 1); /* reading clears it */
}

static bool set_up(void)
{
    uint8_t who = 0;
    if (!read_registers(WHO_AM_I, &who, 1) || who != WHO_AM_I_VALUE ||
        !write_register(PWR_MGMT_1, PWR_DEVICE_RESET)) {
        return false;
    }
    vTaskDelay(pdMS_TO_TICKS(RESET_MS));
    if (!write_register(PWR_MGMT_1, PWR_CLOCK_PLL_X)) {
        return false;
    }
    vTaskDelay(pdMS_TO_TICKS(WAKE_MS));
    return write_register(CONFIG, LOW_PASS) &&
           write_register(SMPLRT_DIV, (uint8_t)(1000u / TNF_SENSOR_RATE_HZ - 1u)) &&
           write_register(ACCEL_CONFIG, ACCEL_2_G) &&
           write_register(INT_ENABLE, INT_FIFO_OVERFLOW) &&
           write_register(FIFO_EN, FIFO_EN_ACCEL) && empty_fifo();
}

static int16_t big_endian(const uint8_t *bytes)
{
    return (int16_t)(uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* Puts `samples` of the FIFO's big-endian values into the ring. */
static void push(const uint8_t *bytes, uint32_t samples)
{
    while (samples > 0) {
        uint32_t piece = samples;
        int16_t *to = tnf_ring_reserve(ring, &piece);
        for (uint32_t i = 0; i < 3 * piece; ++i) {
            to[i] = big_endian(bytes + 2 * i);
        }
        tnf_ring_commit(ring, piece);
        bytes += SAMPLE_BYTES * piece;
        samples -= piece;
    }
}

/* Moves what is in the FIFO into the ring. @return false when the sensor does not answer */
static bool move(void)
{
    static uint8_t block[BLOCK_SAMPLES * SAMPLE_BYTES];
    uint8_t count[2];
    uint8_t status;
    for (;;) {
        if (!read_registers(FIFO_COUNTH, count, sizeof count)) {
            return false;
        }
        uint32_t bytes = (uint32_t)count[0] << 8 | count[1];
        uint32_t samples = bytes / SAMPLE_BYTES;
        samples = samples < BLOCK_SAMPLES ? samples : BLOCK_SAMPLES;
        if (samples > 0 && !read_registers(FIFO_R_W, block, samples * SAMPLE_BYTES)) {
            return false;
        }
        /* Looked at afterwards: an overflow puts the block's bytes out of step, too. */
        if (!read_registers(INT_STATUS, &status, 1)) {
            return false;
        }
        if ((status & INT_FIFO_OVERFLOW) != 0 || bytes >= FIFO_BYTES) {
            tnf_ring_gap(ring);
            return empty_fifo();
        }
        push(block, samples);
        if (samples < BLOCK_SAMPLES) {
            return true;
        }
    }
}

static void work(void *unused)
{
    (void)unused;
    while (wanted) {
        vTaskDelay(pdMS_TO_TICKS(POLL_MS));
        if (move()) {
            continue;
        }
        tnf_ring_gap(ring);
        while (wanted && !set_up()) {
            vTaskDelay(pdMS_TO_TICKS(RETRY_MS));
        }
    }
    at_work = false;
    vTaskDelete(NULL);
}

static tnf_status_t start(tnf_ring_t *samples)
{
    ring = samples;
    if (!attach() || !set_up()) {
        return TNF_NO_SENSOR;
    }
    wanted = true;
    at_work = true;
    if (xTaskCreate(work, "mpu6050", TASK_STACK_BYTES, NULL, TASK_PRIORITY, NULL) != pdPASS) {
        at_work = false;
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
}

const tnf_sensor_t tnf_sensor = {.start = start, .stop = stop};
