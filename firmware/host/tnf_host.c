/* Runs a compiled model many times on this machine, without leaving C between the inferences. */
#include "tnf_host.h"

#include <string.h>

void tnf_host_invoke(const tnf_model_t *model, int8_t *arena, const int8_t *inputs, int8_t *outputs,
                     size_t rows)
{
    for (size_t row = 0; row < rows; row++) {
        for (uint32_t i = 0; i < model->input_count; i++) {
            const tnf_tensor_t *tensor = &model->inputs[i];
            memcpy(arena + tensor->arena_offset, inputs, tensor->bytes);
            inputs += tensor->bytes;
        }
        model->invoke(arena, NULL);
        for (uint32_t i = 0; i < model->output_count; i++) {
            const tnf_tensor_t *tensor = &model->outputs[i];
            memcpy(outputs, arena + tensor->arena_offset, tensor->bytes);
            outputs += tensor->bytes;
        }
    }
}
