/* The benchmarks that classify: their result is every class's score. */
#include "tnf_console.h"
#include "tnf_mlperf.h"
#include "tnf_tensor.h"

#define PIXEL 0x80 /* 0 to 255 is -128 to 127 of the model with one bit changed */

static void scores(const tnf_mlperf_t *mlperf)
{
    tnf_session_t *session = mlperf->config->session;
    const TNF_FLASH tnf_tensor_t *output = session->config->model->outputs;
    const int8_t *codes = tnf_session_output(session);
    const uint32_t values = tnf_tensor_values(output);
    for (uint32_t i = 0; i < values; ++i) {
        if (i > 0) {
            tnf_console_text(&session->writer, ",");
        }
        tnf_mlperf_decimal(&session->writer, codes[i] - output->zero_point, output->scale);
    }
}

const tnf_mlperf_task_t tnf_mlperf_kws01 = {"kws01", 1, 0, NULL, scores};
const tnf_mlperf_task_t tnf_mlperf_ic01 = {"ic01", 1, PIXEL, NULL, scores};
const tnf_mlperf_task_t tnf_mlperf_vww01 = {"vww01", 1, PIXEL, NULL, scores};
