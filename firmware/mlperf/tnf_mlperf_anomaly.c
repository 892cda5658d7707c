/* The benchmark that tells what is strange by how badly a model repeats it. */
#include <string.h>

#include "tnf_mlperf.h"

#define FLOAT_BYTES 4

static float loaded_value(const tnf_mlperf_t *mlperf, uint32_t index)
{
    float value;
    memcpy(&value, mlperf->config->buffer + (size_t)index * FLOAT_BYTES, sizeof value);
    return value;
}

/* The nearest code, of two equally near ones the larger in size; not a number is 0. */
static int8_t quantised(const TNF_FLASH tnf_tensor_t *input, float value)
{
    const float steps = value / input->scale;
    const int32_t zero_point = input->zero_point;
    if (!(steps > (float)(INT8_MIN - zero_point))) {
        return steps < 0.0f ? INT8_MIN : (int8_t)zero_point;
    }
    if (steps >= (float)(INT8_MAX - zero_point)) {
        return INT8_MAX;
    }
    return (int8_t)((int32_t)(steps + (steps < 0.0f ? -0.5f : 0.5f)) + zero_point);
}

static const int8_t *load(const tnf_mlperf_t *mlperf)
{
    const TNF_FLASH tnf_tensor_t *input = mlperf->config->session->config->model->inputs;
    const uint32_t values = input->bytes;
    int8_t *codes = (int8_t *)mlperf->config->buffer + (size_t)values * FLOAT_BYTES;
    for (uint32_t i = 0; i < values; ++i) {
        codes[i] = quantised(input, loaded_value(mlperf, i));
    }
    return codes;
}

static void score(const tnf_mlperf_t *mlperf)
{
    const TNF_FLASH tnf_model_t *model = mlperf->config->session->config->model;
    const int8_t *codes = tnf_session_output(mlperf->config->session);
    const uint32_t values = model->outputs->bytes;
    float sum = 0.0f;
    for (uint32_t i = 0; i < values; ++i) {
        const float given = (float)(codes[i] - model->outputs->zero_point) * model->outputs->scale;
        const float wrong = given - loaded_value(mlperf, i);
        sum += wrong * wrong;
    }
    tnf_mlperf_decimal(&mlperf->config->session->writer, 1, sum / (float)values);
}

const tnf_mlperf_task_t tnf_mlperf_ad01 = {"ad01", FLOAT_BYTES, 0, load, score};
