#include "tnf_depthwise_planes.h"

/* One pair of four channels: a row's two pixels at a time. */
static void store_pair(tnf_int16_t *slot, const int8_t *const near[2], const int8_t *const far[2])
{
    for (int32_t channel = 0; channel < TNF_PLANES_GROUP; channel++) {
        for (int32_t row = 0; row < 2; row++) {
            *slot++ = near[row][channel];
            *slot++ = far[row][channel];
        }
        slot += (TNF_PLANES_CHANNEL - TNF_PLANES_SLOT) / (int32_t)sizeof *slot;
    }
}

TNF_KERNEL void tnf_depthwise_fill_dsp(tnf_planes_fill_t *fill)
{
    const int8_t *const zero[2] = {(const int8_t *)&fill->zero, (const int8_t *)&fill->zero};
    for (; fill->groups > 0; fill->groups--) {
        const int8_t *near[2] = {fill->row[0], fill->row[1]};
        int8_t *slot = fill->planes;
        for (int32_t pair = -fill->left; pair < fill->pairs + fill->right; pair++) {
            const int32_t columns = pair < 0 || pair == fill->pairs ? 1 : 2;
            const int8_t *far[2] = {near[0] + fill->step[0], near[1] + fill->step[1]};
            if (pair < 0) {
                store_pair((tnf_int16_t *)(void *)slot, zero, near);
            } else {
                store_pair((tnf_int16_t *)(void *)slot, near, columns == 2 ? far : zero);
            }
            slot += TNF_PLANES_PAIR;
            near[0] += columns * fill->step[0];
            near[1] += columns * fill->step[1];
        }
        fill->planes += fill->group_bytes;
        fill->row[0] += fill->group_step[0];
        fill->row[1] += fill->group_step[1];
    }
}
