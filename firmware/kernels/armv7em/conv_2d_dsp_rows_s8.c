#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os")
#endif

#include <stddef.h>
#include <string.h>

#include "tnf_blocks_armv7em.h"
#include "tnf_conv_armv7em.h"

#define GROUP 4

/* A layer on its way. Pairs of windows are expanded one after another, `held` of them, and computed
 * where there is no room for more. Windows of the columns [inside, inside_end) hang over no side.
 */
typedef struct layer {
    const TNF_FLASH tnf_conv_2d_dsp_t *params;
    const tnf_rows_t *input;
    int32_t width; /* of output rows */
    int32_t end;   /* of output rows */
    int32_t inside;
    int32_t inside_end;
    int32_t held;
    tnf_int32_t *pairs;
    tnf_int32_t *next;  /* where the next pair is expanded */
    int8_t *copies;     /* of two windows, as bytes */
    int32_t copy_words; /* that one of these takes */
    tnf_expand_dsp_t expand;
    int32_t group_words;
    int8_t *output;
    tnf_conv_2d_block_t block;
} layer_t;

/* Of windows of one value, whose rows follow one another without a gap, all are one row. */
static void join_rows(layer_t *layer, int32_t first)
{
    const TNF_FLASH tnf_conv_2d_dsp_t *params = layer->params;
    const tnf_rows_t *input = layer->input;
    const int32_t rows = layer->end - first;
    const int32_t behind = tnf_rows_offset(input, first) + rows * input->row_bytes;
    if (layer->expand.rows * params->filter_width == 1 &&
        params->stride_height * params->stride_width == 1 && params->pad_top == 0 &&
        params->pad_left == 0 && params->output_width == params->input_width &&
        behind <= input->rows * input->row_bytes) {
        layer->width *= rows;
        layer->inside_end = layer->width;
        layer->end = first + 1;
    }
}

static layer_t begin(const TNF_FLASH tnf_conv_2d_dsp_t *params, const tnf_rows_t *input,
                     int32_t first, int32_t end, int8_t *output, int8_t *scratch)
{
    const int32_t run = params->filter_width * params->input_channels;
    const int32_t steps = tnf_expand_words(run, params->filter_height);
    const int32_t last = params->input_width - params->filter_width + params->pad_left;
    layer_t layer;
    layer.params = params;
    layer.input = input;
    layer.width = params->output_width;
    layer.end = end;
    layer.inside = 0;
    layer.inside_end = params->output_width;
    if (params->dilation_width != 1 && params->filter_width != 1) {
        layer.inside_end = 0;
    }
    while (layer.inside < layer.inside_end &&
           layer.inside * params->stride_width < params->pad_left) {
        layer.inside++;
    }
    while (layer.inside_end > layer.inside &&
           (layer.inside_end - 1) * params->stride_width > last) {
        layer.inside_end--;
    }
    layer.held = 0;
    layer.pairs = (tnf_int32_t *)(void *)scratch;
    layer.next = layer.pairs;
    layer.copies = scratch + 8 * steps * params->pairs;
    layer.copy_words = (params->filter_height * run + 3) / 4;
    layer.expand.bytes = run;
    layer.expand.rows = params->filter_height;
    layer.group_words = GROUP + 2 * steps + GROUP * (params->general != 0 ? 3 : 2);
    layer.output = output;
    layer.block.pair = layer.pairs;
    layer.block.skipped = steps == 1 ? TNF_CONV_2D_STEPS : (1 - steps) & (TNF_CONV_2D_STEPS - 1);
    layer.block.end = layer.pairs + 2 * steps;
    layer.block.general = params->general;
    layer.block.pair_bytes = 8 * steps;
    join_rows(&layer, first);
    return layer;
}

static void clamp(const TNF_FLASH tnf_conv_2d_dsp_t *params, int8_t *values, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t value = values[i];
        const int32_t raised = value < params->activation_min ? params->activation_min : value;
        values[i] = (int8_t)(raised > params->activation_max ? params->activation_max : raised);
    }
}

/* `groups` groups of channels from the one at `stream` on, of all pairs that are held. */
static void compute_groups(layer_t *layer, const TNF_FLASH int32_t *stream, int32_t groups,
                           int8_t *output, int32_t apart)
{
    layer->block.stop = stream + groups * layer->group_words;
    layer->block.output_step = 2 * apart - groups * GROUP;
    tnf_conv_2d_block_dsp(&layer->block, stream, output, output + apart);
}

/* All pairs that are held, or one pixel that is twice in one of them. Where channels are no
 * multiple of 4, the second group begins within the first: what is in both is computed twice. */
static void compute(layer_t *layer, int32_t pixels)
{
    const TNF_FLASH tnf_conv_2d_dsp_t *params = layer->params;
    const int32_t depth = params->output_channels;
    const int32_t apart = pixels == 1 ? 0 : depth;
    const int32_t over = depth % GROUP;
    int8_t *const output = layer->output;
    layer->block.pairs = (pixels + 1) / 2;
    if (over == 0) {
        compute_groups(layer, params->stream, depth / GROUP, output, apart);
    } else if (depth < GROUP) { /* one pair: there is no room for more */
        int8_t values[2 * GROUP];
        compute_groups(layer, params->stream, 1, values, GROUP);
        memcpy(output + apart, values + GROUP, (size_t)depth);
        memcpy(output, values, (size_t)depth);
    } else {
        compute_groups(layer, params->stream, 1, output, apart);
        compute_groups(layer, params->stream + layer->group_words, depth / GROUP, output + over,
                       apart);
    }
    if (params->general != 0 && (params->activation_min > -128 || params->activation_max < 127)) {
        clamp(params, output, pixels * depth);
    }
    layer->output += pixels * depth;
    layer->held = 0;
    layer->next = layer->pairs;
}

/* Few bytes, without a call. */
static void copy(int8_t *to, const int8_t *from, int32_t bytes)
{
    for (; bytes >= 16; bytes -= 16) {
        memcpy(to, from, 16);
        to += 16;
        from += 16;
    }
    for (; bytes >= 4; bytes -= 4) {
        memcpy(to, from, 4);
        to += 4;
        from += 4;
    }
    for (; bytes > 0; bytes--) {
        *to++ = *from++;
    }
}

/* What a window whose columns are apart has of a row, from column `column` on. */
static void copy_columns(const TNF_FLASH tnf_conv_2d_dsp_t *params, const int8_t *row,
                         int32_t column, int8_t *to)
{
    const int32_t depth = params->input_channels;
    for (int32_t k = 0; k < params->filter_width; k++) {
        if (column >= 0 && column < params->input_width) {
            copy(to, row + column * depth, depth);
        }
        to += depth;
        column += params->dilation_width;
    }
}

/* A window, whichever part of it is outside or lies behind a ring's end, as bytes without gaps. */
static void copy_window(const layer_t *layer, int32_t y, int32_t x, int8_t *window)
{
    const TNF_FLASH tnf_conv_2d_dsp_t *params = layer->params;
    const int32_t bytes = layer->expand.bytes;
    const int32_t column = x * params->stride_width - params->pad_left;
    const int32_t left = column * params->input_channels;
    const int32_t before = left < 0 ? -left : 0;
    const int32_t room = layer->input->row_bytes - left;
    const int32_t inside = (room < bytes ? room : bytes) - before;
    int32_t row = y * params->stride_height - params->pad_top;
    const uint32_t outside = (uint32_t)(uint8_t)params->input_zero_point * 0x01010101U;
    tnf_int32_t *words = (tnf_int32_t *)(void *)window;
    for (int32_t i = 0; i < layer->copy_words; i++) {
        *words++ = (int32_t)outside;
    }
    for (int32_t i = 0; i < layer->expand.rows; i++) {
        if (row >= 0 && row < params->input_height) {
            const int8_t *values = tnf_row(layer->input, row);
            if (params->dilation_width == 1) {
                copy(window + before, values + left + before, inside);
            } else {
                copy_columns(params, values, column, window);
            }
        }
        window += bytes;
        row += params->dilation_height;
    }
}

/* The column `x` of the rows under output row `y`, where all these rows are there without a gap;
 * else NULL. */
static const int8_t *find_window(const layer_t *layer, int32_t y, int32_t x)
{
    const TNF_FLASH tnf_conv_2d_dsp_t *params = layer->params;
    const tnf_rows_t *input = layer->input;
    const int32_t rows = layer->expand.rows;
    const int32_t top = y * params->stride_height - params->pad_top;
    if (top < 0 || top + rows > params->input_height ||
        (params->dilation_height != 1 && rows > 1)) {
        return NULL;
    }
    const int32_t offset = tnf_rows_offset(input, top);
    if (offset + rows * input->row_bytes > input->rows * input->row_bytes) {
        return NULL;
    }
    const int32_t left = x * params->stride_width - params->pad_left;
    return input->base + offset + left * params->input_channels;
}

/* A window, in the input where it lies there, else as a copy; `skip` is what is between its runs.
 */
static const int8_t *take_window(const layer_t *layer, int32_t y, int32_t x, int8_t *copied,
                                 int32_t *skip)
{
    const int8_t *window = NULL;
    if (x >= layer->inside && x < layer->inside_end) {
        window = find_window(layer, y, x);
        *skip = layer->input->row_bytes - layer->expand.bytes;
    }
    if (window == NULL) {
        window = copied;
        *skip = 0;
        copy_window(layer, y, x, copied);
    }
    return window;
}

/* Expands column `x` of row `y` and the one after it, or computes it alone where it is the last. */
static void expand_any(layer_t *layer, int32_t y, int32_t x)
{
    tnf_expand_dsp_t expand = layer->expand;
    const int32_t wraps = x + 1 == layer->width;
    const int32_t alone = y + wraps == layer->end;
    if (alone && layer->held > 0) {
        compute(layer, 2 * layer->held);
    }
    const int8_t *window_0 = take_window(layer, y, x, layer->copies, &expand.skip_0);
    const int8_t *window_1 = window_0;
    expand.skip_1 = expand.skip_0;
    if (!alone) {
        window_1 = take_window(layer, y + wraps, wraps ? 0 : x + 1,
                               layer->copies + 4 * layer->copy_words, &expand.skip_1);
    }
    layer->next = tnf_expand_pair_dsp(layer->next, window_0, window_1, &expand);
    layer->held++;
    if (alone) {
        compute(layer, 1);
    }
}

/* Expands pairs from column `x` of row `y` on, as long as there is room and their windows hang over
 * no side; returns how many. */
static int32_t expand_inside(layer_t *layer, int32_t y, int32_t x)
{
    const TNF_FLASH tnf_conv_2d_dsp_t *params = layer->params;
    const int32_t room = params->pairs - layer->held;
    const int32_t inside = (layer->inside_end - x) / 2;
    const int32_t pairs = inside < room ? inside : room;
    const int8_t *window = pairs > 0 && x >= layer->inside ? find_window(layer, y, x) : NULL;
    if (window == NULL) {
        return 0;
    }
    const int32_t step = params->stride_width * params->input_channels;
    tnf_expand_dsp_t expand = layer->expand;
    int32_t calls = pairs;
    expand.skip_0 = layer->input->row_bytes - expand.bytes;
    if (expand.rows == 1 && expand.bytes % 4 != 1) { /* windows follow one another as rows do */
        expand.rows = pairs;
        expand.skip_0 = 2 * step - expand.bytes;
        calls = 1;
    }
    expand.skip_1 = expand.skip_0;
    for (int32_t i = 0; i < calls; i++) {
        layer->next = tnf_expand_pair_dsp(layer->next, window, window + step, &expand);
        window += 2 * step;
    }
    layer->held += pairs;
    return pairs;
}

TNF_KERNEL void tnf_conv_2d_dsp_rows_s8(const TNF_FLASH tnf_conv_2d_dsp_t *params,
                                        const tnf_rows_t *input, int32_t first, int32_t end,
                                        int8_t *output, int8_t *scratch)
{
    layer_t layer = begin(params, input, first, end, output, scratch);
    int32_t x = 0;
    for (int32_t y = first; y < layer.end; y++) {
        while (x < layer.width) {
            const int32_t pairs = expand_inside(&layer, y, x);
            if (pairs == 0) {
                expand_any(&layer, y, x);
            }
            x += pairs == 0 ? 2 : 2 * pairs;
            if (layer.held == params->pairs) {
                compute(&layer, 2 * layer.held);
            }
        }
        x -= layer.width;
    }
    if (layer.held > 0) {
        compute(&layer, 2 * layer.held);
    }
}
