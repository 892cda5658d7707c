#include "tnf_dsp.h"
#include "tnf_winograd_block.h"

#define GROUP 4
#define TILES 2

#define PLACE_WORDS (TNF_WINOGRAD_PLACE_BYTES / 4)
#define CHUNK_WORDS (TNF_WINOGRAD_CHUNK_BYTES / 4)

TNF_KERNEL const TNF_FLASH int32_t *tnf_winograd_block_dsp(const tnf_int32_t *values,
                                                           const TNF_FLASH int32_t *stream,
                                                           tnf_int32_t *sums, int32_t chunks)
{
    int32_t sum[TILES * GROUP] = {0};
    for (int32_t place = 0; place < TNF_WINOGRAD_PLACES; place++) {
        for (int32_t i = 0; i < TILES * GROUP && place % 2 == 0; i++) {
            sum[i] = place % 4 == 0 ? stream[i % GROUP] : 0;
        }
        stream += place % 4 == 0 ? GROUP : 0;
        for (int32_t pair = 0; pair < chunks * TNF_WINOGRAD_PAIRS; pair++) {
            const tnf_int32_t *tiles = values + pair / TNF_WINOGRAD_PAIRS * CHUNK_WORDS +
                                       place * PLACE_WORDS + pair % TNF_WINOGRAD_PAIRS * TILES;
            for (int32_t i = 0; i < TILES * GROUP; i++) {
                sum[i] = tnf_dsp_smlad(tiles[i / GROUP], stream[i % GROUP], sum[i]);
            }
            stream += GROUP;
        }
        for (int32_t i = 0; i < TILES * GROUP; i++) {
            *sums++ = sum[i];
        }
    }
    return stream;
}
