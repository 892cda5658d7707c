#include "tnf_places.h"

TNF_KERNEL void tnf_gather(const TNF_FLASH tnf_gather_t *params, const int8_t *input,
                           int8_t *output)
{
    const int32_t last = params->count - 1;
    const int32_t extent = params->axes[3 * last];
    int32_t index[TNF_GATHER_AXES] = {0};
    do {
        const int8_t *const row = input + tnf_row_offset(params, index);
        for (int32_t i = 0; i < extent; i++) {
            tnf_move_run(output, row + tnf_axis_offset(params, last, i), params->run);
            output += params->run;
        }
    } while (tnf_next_index(index, params->axes, last));
}
