#include "tnf_copy.h"
#include "tnf_run.h"

TNF_KERNEL void tnf_copy_strided(const TNF_FLASH tnf_copy_strided_t *params, const int8_t *input,
                                 int8_t *output)
{
    const int32_t last = params->count - 1;
    const TNF_FLASH int32_t *const inner = params->axes + 3 * last;
    int32_t index[TNF_COPY_AXES] = {0};
    int32_t from = params->input_offset;
    int32_t to = params->output_offset;
    int32_t place;
    do {
        for (int32_t i = 0; i < inner[0]; i++) {
            tnf_move_run(output + to + i * inner[2], input + from + i * inner[1], params->run);
        }
        for (place = last - 1; place >= 0; place--) {
            const TNF_FLASH int32_t *const axis = params->axes + 3 * place;
            from += axis[1];
            to += axis[2];
            if (++index[place] < axis[0]) {
                break;
            }
            from -= axis[0] * axis[1];
            to -= axis[0] * axis[2];
            index[place] = 0;
        }
    } while (place >= 0);
}
