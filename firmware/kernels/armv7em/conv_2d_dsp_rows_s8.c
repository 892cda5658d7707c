#pragma GCC optimize("O2")

#include <stddef.h>
#include <string.h>

#include "tnf_blocks_armv7em.h"
#include "tnf_conv_armv7em.h"

#define GROUP 4

/* A layer on its way. Where channels are no multiple of 4, the first group's are followed by groups
 * that begin `advance` channels after it: some channels are computed twice. `first` is that group
 * alone, `rest` are all others. Windows of the columns [inside, inside_end) hang over no side. */
typedef struct layer {
    const TNF_FLASH tnf_conv_2d_dsp_t *params;
    const tnf_rows_t *input;
    tnf_int32_t *pairs;
    int8_t *windows;
    tnf_expand_dsp_t expand;
    int32_t inside;
    int32_t inside_end;
    int32_t advance;
    tnf_conv_2d_block_t first;
    tnf_conv_2d_block_t rest;
} layer_t;

/* The columns [first, end) of output whose windows hang over no side. */
static void find_inside(const TNF_FLASH tnf_conv_2d_dsp_t *params, int32_t *first, int32_t *end)
{
    const int32_t last = params->input_width - params->filter_width + params->pad_left;
    int32_t left = 0;
    int32_t right = params->output_width;
    if (params->dilation_width != 1 && params->filter_width != 1) {
        right = 0;
    }
    while (left < right && left * params->stride_width < params->pad_left) {
        left++;
    }
    while (right > left && (right - 1) * params->stride_width > last) {
        right--;
    }
    *first = left;
    *end = right;
}

static layer_t begin(const TNF_FLASH tnf_conv_2d_dsp_t *params, const tnf_rows_t *input,
                     int8_t *scratch)
{
    const int32_t run = params->filter_width * params->input_channels;
    const int32_t steps = params->filter_height * tnf_expand_words(run);
    const int32_t groups = (params->output_channels + GROUP - 1) / GROUP;
    const int32_t factors = params->general != 0 ? 3 : 2;
    const int32_t group_words = GROUP + 2 * steps + GROUP * factors;
    layer_t layer;
    layer.params = params;
    layer.input = input;
    layer.pairs = (tnf_int32_t *)(void *)scratch;
    layer.windows = scratch + 8 * steps;
    layer.expand = (tnf_expand_dsp_t){run, params->filter_height, 0, 0};
    layer.advance = params->output_channels % GROUP;
    find_inside(params, &layer.inside, &layer.inside_end);
    layer.first = (tnf_conv_2d_block_t){layer.pairs, (TNF_CONV_2D_STEPS - steps) & 15,
                                        layer.pairs + 2 * steps, params->general,
                                        params->stream + group_words};
    layer.rest = layer.first;
    layer.rest.stop = params->stream + groups * group_words;
    return layer;
}

static void clamp(const TNF_FLASH tnf_conv_2d_dsp_t *params, int8_t *values)
{
    const int8_t low = (int8_t)params->activation_min;
    const int8_t high = (int8_t)params->activation_max;
    for (int32_t c = 0; c < params->output_channels; c++) {
        values[c] = values[c] < low ? low : values[c] > high ? high : values[c];
    }
}

/* All output channels of the two pixels whose windows are in `pairs`. */
static void compute(const layer_t *layer, int8_t *output_0, int8_t *output_1)
{
    const TNF_FLASH tnf_conv_2d_dsp_t *params = layer->params;
    if (layer->advance == 0) {
        tnf_conv_2d_block_dsp(&layer->rest, params->stream, output_0, output_1);
    } else if (params->output_channels < GROUP) {
        int8_t values[2][GROUP];
        tnf_conv_2d_block_dsp(&layer->first, params->stream, values[0], values[1]);
        memcpy(output_0, values[0], (size_t)params->output_channels);
        memcpy(output_1, values[1], (size_t)params->output_channels);
    } else {
        tnf_conv_2d_block_dsp(&layer->first, params->stream, output_0, output_1);
        if (layer->rest.stop != layer->first.stop) {
            tnf_conv_2d_block_dsp(&layer->rest, layer->first.stop, output_0 + layer->advance,
                                  output_1 + layer->advance);
        }
    }
    if (params->general != 0 && (params->activation_min > -128 || params->activation_max < 127)) {
        clamp(params, output_0);
        clamp(params, output_1);
    }
}

/* Two pixels apart by `step` bytes of input, both windows of `rows` runs inside it. */
static void compute_inside(const layer_t *layer, const int8_t *window, int32_t step, int8_t *output)
{
    (void)tnf_expand_pair_dsp(layer->pairs, window, window + step, &layer->expand);
    compute(layer, output, output + layer->params->output_channels);
}

/* Copies few bytes without a call. */
static inline void copy(int8_t *to, const int8_t *from, int32_t bytes)
{
    for (; bytes >= 4; bytes -= 4) {
        memcpy(to, from, 4);
        to += 4;
        from += 4;
    }
    while (bytes-- > 0) {
        *to++ = *from++;
    }
}

/* A window, whichever part of it is outside or lies behind a ring's end, as bytes without gaps. */
static void copy_window(const layer_t *layer, int32_t y, int32_t x, int8_t *window)
{
    const TNF_FLASH tnf_conv_2d_dsp_t *params = layer->params;
    const int32_t depth = params->input_channels;
    const int32_t left = x * params->stride_width - params->pad_left;
    const int32_t top = y * params->stride_height - params->pad_top;
    memset(window, params->input_zero_point, (size_t)(layer->expand.rows * layer->expand.bytes));
    for (int32_t i = 0; i < params->filter_height; i++) {
        const int32_t row = top + i * params->dilation_height;
        if (row < 0 || row >= params->input_height) {
            window += layer->expand.bytes;
            continue;
        }
        const int8_t *values = tnf_row(layer->input, row);
        if (params->dilation_width == 1) {
            const int32_t first = left < 0 ? -left : 0;
            const int32_t room = params->input_width - left;
            const int32_t end = room < params->filter_width ? room : params->filter_width;
            copy(window + first * depth, values + (left + first) * depth, (end - first) * depth);
            window += layer->expand.bytes;
            continue;
        }
        for (int32_t k = 0; k < params->filter_width; k++) {
            const int32_t column = left + k * params->dilation_width;
            if (column >= 0 && column < params->input_width) {
                copy(window, values + column * depth, depth);
            }
            window += depth;
        }
    }
}

/* The column `x` of the rows under output row `y`, where all these rows are there without a gap;
 * else NULL. */
static const int8_t *find_window(const layer_t *layer, int32_t y, int32_t x)
{
    const TNF_FLASH tnf_conv_2d_dsp_t *params = layer->params;
    const tnf_rows_t *input = layer->input;
    const int32_t top = y * params->stride_height - params->pad_top;
    if (top < 0 || top + params->filter_height > params->input_height ||
        (params->dilation_height != 1 && params->filter_height > 1)) {
        return NULL;
    }
    const int32_t offset = tnf_rows_offset(input, top);
    if (offset + params->filter_height * input->row_bytes > input->rows * input->row_bytes) {
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

/* Pixel `x` of row `y` and the one after it, or that pixel twice where it is the last before row
 * `end`. */
static void compute_any(layer_t *layer, int32_t y, int32_t x, int32_t end, int8_t *output)
{
    tnf_expand_dsp_t *expand = &layer->expand;
    const int32_t wraps = x + 1 == layer->params->output_width;
    const int8_t *window_0 = take_window(layer, y, x, layer->windows, &expand->skip_0);
    const int8_t *window_1 = window_0;
    int8_t *output_1 = output;
    expand->skip_1 = expand->skip_0;
    if (y + wraps < end) {
        window_1 = take_window(layer, y + wraps, wraps != 0 ? 0 : x + 1,
                               layer->windows + expand->rows * expand->bytes, &expand->skip_1);
        output_1 += layer->params->output_channels;
    }
    (void)tnf_expand_pair_dsp(layer->pairs, window_0, window_1, expand);
    compute(layer, output, output_1);
}

TNF_KERNEL void tnf_conv_2d_dsp_rows_s8(const TNF_FLASH tnf_conv_2d_dsp_t *params,
                                        const tnf_rows_t *input, int32_t first, int32_t end,
                                        int8_t *output, int8_t *scratch)
{
    layer_t layer = begin(params, input, scratch);
    const int32_t step = params->stride_width * params->input_channels;
    const int32_t pair_bytes = 2 * params->output_channels;
    int32_t x = 0;
    for (int32_t y = first; y < end; y++) {
        while (x < params->output_width) {
            const int8_t *window = x >= layer.inside ? find_window(&layer, y, x) : NULL;
            if (window != NULL && x + 1 < layer.inside_end) {
                layer.expand.skip_0 = input->row_bytes - layer.expand.bytes;
                layer.expand.skip_1 = layer.expand.skip_0;
                for (; x + 1 < layer.inside_end; x += 2) {
                    compute_inside(&layer, window, step, output);
                    window += 2 * step;
                    output += pair_bytes;
                }
            } else {
                compute_any(&layer, y, x, end, output);
                output += pair_bytes;
                x += 2;
            }
        }
        x -= params->output_width;
    }
}
