/** @file
 * A compiled model on a computer: what the toolchain's own process calls.
 */
#ifndef TNF_HOST_H
#define TNF_HOST_H

#include "tnf_model.h"

/** Runs one inference for each row.
 *  @param arena    model->arena_bytes, aligned to TNF_ARENA_ALIGN, with the model's state in it
 *  @param inputs   [rows, model->input_bytes]
 *  @param outputs  [rows, model->output_bytes] */
void tnf_host_invoke(const tnf_model_t *model, int8_t *arena, const int8_t *inputs, int8_t *outputs,
                     size_t rows);

#endif
