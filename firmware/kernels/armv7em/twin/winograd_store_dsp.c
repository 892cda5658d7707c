#include "tnf_dsp.h"
#include "tnf_winograd_block.h"

#define GROUP 4
#define SHORT_WORDS 2
#define GENERAL_WORDS 3

#define PLACE (TNF_WINOGRAD_SUM_BYTES / 4)

static int8_t requantize(const tnf_winograd_tile_t *tile, int32_t sum, int32_t channel)
{
    if (tile->general != 0) {
        return tnf_dsp_general(sum >> 1, tile->scales + channel * GENERAL_WORDS);
    }
    return tnf_dsp_short(sum, tile->scales + channel * SHORT_WORDS, TNF_WINOGRAD_EXPONENT);
}

TNF_KERNEL void tnf_winograd_store_dsp(const tnf_winograd_tile_t *tile)
{
    for (int32_t channel = 0; channel < GROUP; channel++) {
        int32_t rows[2][4];
        for (int32_t column = 0; column < 4; column++) {
            const tnf_int32_t *places = tile->sums + 4 * column * PLACE + channel;
            rows[0][column] = places[PLACE] + places[2 * PLACE];
            rows[1][column] = places[0] - places[3 * PLACE];
        }
        for (int32_t row = 1; row >= 0; row--) {
            const int32_t *sums = rows[row];
            int8_t *output = tile->output + row * tile->row_bytes + channel;
            output[tile->pixel_bytes] = requantize(tile, sums[1] - sums[2] - sums[3], channel);
            output[0] = requantize(tile, sums[0] + sums[1] + sums[2], channel);
        }
    }
}
