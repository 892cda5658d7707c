#include "tnf_pad.h"
#include "tnf_run.h"

TNF_KERNEL void tnf_pad(const TNF_FLASH tnf_pad_t *params, const int8_t *input, int8_t *output)
{
    const int32_t last = params->count - 1;
    int32_t index[TNF_PAD_AXES] = {0};
    int32_t padding = 0;
    int32_t place;
    for (place = 0; place <= last; place++) {
        padding += params->axes[3 * place];
    }
    do {
        tnf_fill_run(output, params->pattern, padding);
        output += padding;
        tnf_move_run(output, input, params->run);
        output += params->run;
        input += params->run;
        /* What comes after this run, and before the next one: one fill for both. */
        padding = params->axes[3 * last + 2];
        for (place = last - 1; place >= 0 && ++index[place] == params->axes[3 * place + 1];
             place--) {
            index[place] = 0;
            padding += params->axes[3 * place + 2];
        }
        if (place >= 0) {
            for (int32_t inner = place + 1; inner <= last; inner++) {
                padding += params->axes[3 * inner];
            }
        }
    } while (place >= 0);
    tnf_fill_run(output, params->pattern, padding);
}
