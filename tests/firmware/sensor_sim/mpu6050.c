/* An MPU-6050 behind ESP-IDF's I2C driver, as strict as RM-MPU-6000A describes it: nothing but
 * zero comes from one that sleeps, none answers while it resets, a FIFO that overflows loses its
 * oldest bytes. Sample n is x = n, y = -n, z = 16384 - n. */
#include <stdlib.h>
#include <string.h>

#include "driver/i2c_master.h"
#include "sim.h"

#define FIFO_BYTES 1024
#define RESET_MS 100

uint32_t sim_nacks;     /* transfers that fail from now on */
uint32_t sim_transfers; /* that went well */
uint8_t sim_who = 0x68;
int sim_sda, sim_scl;
uint32_t sim_scl_hz;
uint8_t sim_registers[128];

static uint8_t fifo[FIFO_BYTES];
static uint32_t fifo_size;
static uint8_t last_read;
static uint32_t resetting_until_ms;
static uint32_t since_sample; /* eighths of a millisecond */
static int16_t number;
static int bus, device;

enum {
    DIV = 0x19,
    CONFIG,
    GYRO,
    ACCEL,
    FIFO_EN = 0x23,
    INT_EN = 0x38,
    INT_STATUS = 0x3a,
    USER = 0x6a,
    PWR,
    FIFO_H = 0x72,
    FIFO_L,
    FIFO_RW,
    WHO
};

static void reset(void)
{
    memset(sim_registers, 0, sizeof sim_registers);
    sim_registers[PWR] = 0x40;
    fifo_size = 0;
    since_sample = 0;
    resetting_until_ms = sim_now_ms + RESET_MS;
}

static void put(uint8_t byte)
{
    if (fifo_size == FIFO_BYTES) {
        memmove(fifo, fifo + 1, FIFO_BYTES - 1);
        --fifo_size;
        if ((sim_registers[INT_EN] & 0x10) != 0) {
            sim_registers[INT_STATUS] |= 0x10;
        }
    }
    fifo[fifo_size++] = byte;
}

static void put_value(int16_t value)
{
    put((uint8_t)((uint16_t)value >> 8));
    put((uint8_t)value);
}

static void sample(void)
{
    bool accelerometer = (sim_registers[FIFO_EN] & 0x08) != 0;
    ++number;
    if ((sim_registers[USER] & 0x40) != 0 && accelerometer) {
        put_value(number);
        put_value((int16_t)-number);
        put_value((int16_t)(16384 - number));
    }
}

void sim_sensor_step(void)
{
    if ((sim_registers[PWR] & 0x40) != 0 || sim_now_ms < resetting_until_ms) {
        return;
    }
    /* Without its low-pass filter the gyroscope gives 8 kHz, with it 1 kHz. */
    uint32_t filter = sim_registers[CONFIG] & 7;
    uint32_t period = (filter == 0 || filter == 7 ? 1u : 8u) * (sim_registers[DIV] + 1u);
    for (since_sample += 8; since_sample >= period; since_sample -= period) {
        sample();
    }
}

static uint8_t read_register(uint8_t at)
{
    switch (at) {
    case INT_STATUS: {
        uint8_t value = sim_registers[INT_STATUS];
        sim_registers[INT_STATUS] = 0;
        return value;
    }
    case FIFO_H:
        return (uint8_t)(fifo_size >> 8);
    case FIFO_L:
        return (uint8_t)fifo_size;
    case FIFO_RW:
        if (fifo_size > 0) {
            last_read = fifo[0];
            memmove(fifo, fifo + 1, --fifo_size);
        }
        return last_read;
    case WHO:
        return sim_who;
    default:
        return sim_registers[at];
    }
}

static void write_register(uint8_t at, uint8_t value)
{
    if (at == PWR && (value & 0x80) != 0) {
        reset();
        return;
    }
    if (at == USER) {
        if ((value & 0x04) != 0 && (value & 0x40) == 0) {
            fifo_size = 0;
        }
        value &= 0x70; /* the resets clear themselves */
    }
    /* Asleep, only the power management is written. */
    if (at == PWR || (sim_registers[PWR] & 0x40) == 0) {
        sim_registers[at] = value;
    }
}

static bool answers(i2c_master_dev_handle_t which)
{
    if ((void *)which != (void *)&device || sim_nacks > 0) {
        sim_nacks -= sim_nacks > 0 ? 1 : 0;
        return false;
    }
    if (sim_now_ms < resetting_until_ms) {
        return false;
    }
    ++sim_transfers;
    return true;
}

esp_err_t i2c_new_master_bus(const i2c_master_bus_config_t *config, i2c_master_bus_handle_t *handle)
{
    sim_sda = config->sda_io_num;
    sim_scl = config->scl_io_num;
    *handle = (i2c_master_bus_handle_t)(void *)&bus;
    return config->clk_source == I2C_CLK_SRC_DEFAULT ? ESP_OK : ESP_FAIL;
}

esp_err_t i2c_master_bus_add_device(i2c_master_bus_handle_t which,
                                    const i2c_device_config_t *config,
                                    i2c_master_dev_handle_t *handle)
{
    if (sim_registers[PWR] == 0) {
        reset(); /* power comes on */
        resetting_until_ms = 0;
    }
    sim_scl_hz = config->scl_speed_hz;
    *handle = (i2c_master_dev_handle_t)(void *)&device;
    return (void *)which == (void *)&bus && config->device_address == 0x68 &&
                   config->dev_addr_length == I2C_ADDR_BIT_LEN_7 && config->scl_speed_hz <= 400000
               ? ESP_OK
               : ESP_FAIL;
}

esp_err_t i2c_master_transmit(i2c_master_dev_handle_t which, const uint8_t *data, size_t size,
                              int timeout_ms)
{
    if (size < 2 || timeout_ms <= 0) {
        abort();
    }
    if (!answers(which)) {
        return ESP_FAIL;
    }
    for (size_t i = 1; i < size; ++i) {
        write_register((uint8_t)(data[0] + i - 1), data[i]);
    }
    return ESP_OK;
}

esp_err_t i2c_master_transmit_receive(i2c_master_dev_handle_t which, const uint8_t *data,
                                      size_t size, uint8_t *received, size_t wanted, int timeout_ms)
{
    if (size != 1 || wanted == 0 || timeout_ms <= 0) {
        abort();
    }
    if (!answers(which)) {
        return ESP_FAIL;
    }
    for (size_t i = 0; i < wanted; ++i) {
        /* The address goes on by itself, but not past the FIFO. */
        received[i] = read_register(data[0] == FIFO_RW ? FIFO_RW : (uint8_t)(data[0] + i));
    }
    return ESP_OK;
}
