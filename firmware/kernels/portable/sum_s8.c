#include "tnf_lane_sums.h"
#include "tnf_reduce.h"
#include "tnf_requantize.h"

/* What is summed up for the outputs of `columns` neighbouring kept places. */
typedef struct place {
    tnf_window_rows_t rows;
    int32_t width;
    int32_t step;
    int32_t columns;
} place_t;

static void compute(const TNF_FLASH tnf_sum_t *params, const place_t *place, const int8_t *values,
                    int8_t *output)
{
    int32_t column = 0;
    while (column < place->columns) {
        const int32_t lanes = place->columns - column >= TNF_LANES ? TNF_LANES : 1;
        int32_t sums[TNF_LANES];
        if (lanes == TNF_LANES) {
            tnf_sum_lanes(values, &place->rows, place->width, place->step, sums);
        } else {
            sums[0] = tnf_sum_lane(values, &place->rows, place->width, place->step);
        }
        for (int32_t lane = 0; lane < lanes; lane++) {
            *output++ = tnf_requantize_s8(sums[lane] + params->input_offset, params->multiplier,
                                          params->shift, params->output_offset, INT8_MIN, INT8_MAX);
        }
        values += lanes;
        column += lanes;
    }
}

TNF_KERNEL void tnf_sum_s8(const TNF_FLASH tnf_sum_t *params, const int8_t *input, int8_t *output)
{
    const int32_t inner_size = params->reduced_1 * params->kept_2;
    const int32_t middle_size = params->kept_1 * inner_size;
    /* Without a second reduced extent all that is kept inside lies side by side. */
    const int32_t flat = params->reduced_1 == 1;
    const int32_t kept_1 = flat ? 1 : params->kept_1;
    const int32_t columns = flat ? middle_size : params->kept_2;
    const place_t place = {{{0, flat ? 1 : params->reduced_0}, 0, middle_size, INT32_MAX},
                           flat ? params->reduced_0 : params->reduced_1,
                           columns,
                           columns};
    for (int32_t kept_0 = 0; kept_0 < params->kept_0; kept_0++) {
        for (int32_t i = 0; i < kept_1; i++) {
            compute(params, &place, input + i * inner_size, output);
            output += columns;
        }
        input += params->reduced_0 * middle_size;
    }
}
