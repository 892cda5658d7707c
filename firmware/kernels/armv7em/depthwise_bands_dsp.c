#pragma GCC optimize("O2")

#include "tnf_depthwise_armv7em.h"
#include "tnf_depthwise_planes.h"

#define FILTER 3

/* What stays the same from step to step. `end` is the input row before which rows are read. */
typedef struct work {
    const TNF_FLASH tnf_depthwise_3x3_dsp_t *params;
    const tnf_rows_t *input;
    int32_t end;
    int8_t *planes;
    void (*run)(tnf_planes_step_t *);
    int32_t words;
    tnf_planes_fill_t fill;
    tnf_planes_step_t step;
} work_t;

static inline int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Pairs of columns under the windows of an output row. */
static inline int32_t pairs_of(const TNF_FLASH tnf_depthwise_3x3_dsp_t *params)
{
    return (params->stride_height == 1 ? (params->output_width + 1) / 2 : params->output_width) + 1;
}

static void begin(work_t *work)
{
    const TNF_FLASH tnf_depthwise_3x3_dsp_t *params = work->params;
    const int32_t pairs = pairs_of(params);
    const int32_t columns = params->input_width - params->pad_left;
    const int32_t room = pairs - params->pad_left;
    const int32_t block_columns = params->stride_height == 1 ? 2 : 4;
    const int32_t block_pairs = params->stride_height == 1 ? 1 : 4;
    tnf_planes_fill_t *fill = &work->fill;
    tnf_planes_step_t *step = &work->step;
    fill->zero = (int32_t)(((uint32_t)params->input_zero_point & 0xffU) * 0x01010101U);
    fill->left = params->pad_left;
    fill->pairs = least(columns / 2, room);
    fill->right = fill->pairs < room ? columns % 2 : 0;
    fill->group_bytes = pairs * TNF_PLANES_PAIR;
    step->group_skip = fill->group_bytes - TNF_PLANES_GROUP * TNF_PLANES_CHANNEL;
    step->block_bytes = params->output_width / block_columns * block_pairs * TNF_PLANES_PAIR;
    step->columns = params->output_width % block_columns;
    step->pixel_bytes = params->input_channels;
    step->row_bytes = params->output_width * params->input_channels;
}

/* Padding that stays: the pairs on the right of the input, in the planes of `groups`. */
static void pad_right(const work_t *work, int32_t groups)
{
    const tnf_planes_fill_t *fill = &work->fill;
    const int32_t filled = (fill->left + fill->pairs + fill->right) * TNF_PLANES_PAIR;
    const uint32_t half = (uint32_t)work->params->input_zero_point & 0xffffU;
    for (int32_t group = 0; group < groups; group++) {
        int8_t *planes = work->planes + group * fill->group_bytes;
        for (int32_t i = filled; i < fill->group_bytes; i += (int32_t)sizeof(tnf_int32_t)) {
            *(tnf_int32_t *)(void *)(planes + i) = (int32_t)(half << 16 | half);
        }
    }
}

/* Puts the input rows `row` and the one below it into a slot of the planes of `channels` channels
 * from `channel` on. The last ones, where they are no group, come with those before them. */
static void fill_slot(work_t *work, int32_t row, int32_t slot, int32_t channel, int32_t channels)
{
    tnf_planes_fill_t *fill = &work->fill;
    const int32_t groups = channels / TNF_PLANES_GROUP;
    const int32_t rest = channels % TNF_PLANES_GROUP;
    const int8_t *from[2];
    for (int32_t i = 0; i < 2; i++) {
        const int32_t inside = row + i >= 0 && row + i < work->end;
        from[i] = inside ? tnf_row(work->input, row + i) : (const int8_t *)&fill->zero;
        fill->step[i] = inside ? work->params->input_channels : 0;
        fill->group_step[i] = inside ? TNF_PLANES_GROUP : 0;
        fill->row[i] = from[i] + (inside ? channel : 0);
    }
    fill->planes = work->planes + slot * TNF_PLANES_SLOT;
    if (groups > 0) {
        fill->groups = groups;
        tnf_depthwise_fill_dsp(fill);
    }
    if (rest > 0) {
        for (int32_t i = 0; i < 2; i++) {
            const int32_t last = channel + channels - TNF_PLANES_GROUP;
            fill->row[i] = from[i] + (fill->step[i] != 0 ? last : 0);
        }
        fill->groups = 1;
        tnf_depthwise_fill_dsp(fill);
    }
}

/* Computes up to two output rows of these channels from the planes; `slot` is the older one. */
static void compute_rows(work_t *work, int32_t slot, int32_t channel, int32_t channels,
                         int32_t rows, int8_t *output)
{
    tnf_planes_step_t *step = &work->step;
    const int32_t groups = channels / TNF_PLANES_GROUP;
    const int32_t rest = channels % TNF_PLANES_GROUP;
    const int32_t whole = channels - rest;
    const int8_t *planes = work->planes + slot * TNF_PLANES_SLOT;
    step->rows = rows;
    step->newer = slot == 0 ? TNF_PLANES_SLOT : -TNF_PLANES_SLOT;
    if (groups > 0) {
        step->planes = planes;
        step->output = output + channel;
        step->constants = work->params->constants + channel * work->words;
        step->channels = whole;
        work->run(step);
    }
    if (rest > 0) {
        step->planes = planes + groups * work->fill.group_bytes +
                       (TNF_PLANES_GROUP - rest) * TNF_PLANES_CHANNEL;
        step->output = output + channel + whole;
        step->constants = work->params->constants + (channel + whole) * work->words;
        step->channels = rest;
        work->run(step);
    }
}

/* The output rows [first, end) of these channels; `output` is row `first`. */
static void compute_band(work_t *work, int32_t channel, int32_t channels, int32_t first,
                         int32_t end, int8_t *output)
{
    const TNF_FLASH tnf_depthwise_3x3_dsp_t *params = work->params;
    const int32_t stride = params->stride_height;
    const int32_t rows = stride == 1 ? 2 : 1;
    int32_t top = first * stride - params->pad_top;
    int32_t slot = 0;
    fill_slot(work, top, slot, channel, channels);
    for (int32_t row = first; row < end; row += rows) {
        top += 2;
        fill_slot(work, top, 1 - slot, channel, channels);
        compute_rows(work, slot, channel, channels, least(rows, end - row), output);
        output += rows * work->step.row_bytes;
        slot = 1 - slot;
    }
}

TNF_KERNEL void tnf_depthwise_bands_dsp(void (*step)(tnf_planes_step_t *), int32_t words,
                                        const TNF_FLASH tnf_depthwise_3x3_dsp_t *params,
                                        const tnf_rows_t *input, int32_t first, int32_t end,
                                        int8_t *output, int8_t *scratch)
{
    const int32_t channels = params->input_channels;
    const int32_t below = (end - 1) * params->stride_height - params->pad_top + FILTER;
    work_t work = {.params = params,
                   .input = input,
                   .end = least(below, params->input_height),
                   .planes = scratch,
                   .run = step,
                   .words = words};
    int32_t band = first == 0 ? params->first_band : params->band;
    begin(&work);
    pad_right(&work, (least(params->at_once, channels) + TNF_PLANES_GROUP - 1) / TNF_PLANES_GROUP);
    for (int32_t row = first; row < end; row += band, band = params->band) {
        const int32_t last = least(row + band, end);
        for (int32_t channel = 0; channel < channels; channel += params->at_once) {
            compute_band(&work, channel, least(params->at_once, channels - channel), row, last,
                         output + (row - first) * work.step.row_bytes);
        }
    }
}
