/* digits: a model compiled by tinyflow 0.1.0. Do not edit; digits.h says how to renew it.
 *
 * The tensor arena, 2112 bytes. A tensor lives from the layer that writes it to the last
 * layer that reads it; "-" is a reshape, which moves nothing.
 *
 *   offset     size  from    to     tensor
 *        0       64  start   0      serving_default_keras_tensor_24:0
 *      320     1024  0       1      sequential_1/re_lu_1/Relu
 *      448     1024  1       2      sequential_1/re_lu_1_2/Relu
 *        0     1536  2       3      sequential_1/re_lu_2_1/Relu
 *        0      384  3       4      sequential_1/re_lu_3_1/Relu
 *      512      512  4       5      sequential_1/re_lu_4_1/Relu
 *        0      512  5       6      sequential_1/re_lu_5_1/Relu
 *      512      768  6       7      sequential_1/re_lu_6_1/Relu
 *        0       48  7       8      sequential_1/global_average_pooling2d_1/Mean
 *       48       10  8       9      sequential_1/dense_1/MatMul
 *        0       10  9       end    StatefulPartitionedCall_1:0
 *     1472      384  1       1      scratch of layer 1
 *     1536      128  2       2      scratch of layer 2
 *     1536      576  3       3      scratch of layer 3
 */
#include "digits.h"

#include "digits_weights.h"
#include "tnf_conv.h"
#include "tnf_reduce.h"
#include "tnf_rows.h"
#include "tnf_softmax.h"

static const TNF_FLASH tnf_conv_2d_t layer_0 = {
    .batches = 1,
    .input_height = 8,
    .input_width = 8,
    .input_channels = 1,
    .output_height = 8,
    .output_width = 8,
    .output_channels = 16,
    .filter_height = 3,
    .filter_width = 3,
    .filter_channels = 1,
    .group_outputs = 16,
    .stride_height = 1,
    .stride_width = 1,
    .dilation_height = 1,
    .dilation_width = 1,
    .pad_top = 1,
    .pad_left = 1,
    .input_offset = 128,
    .output_offset = -128,
    .activation_min = -128,
    .activation_max = 127,
    .scale_step = 1,
    .weights = digits_0_weights,
    .bias = digits_0_bias,
    .multiplier = digits_0_multiplier,
    .shift = digits_0_shift,
};

static const TNF_FLASH tnf_depthwise_conv_2d_t layer_1 = {
    .batches = 1,
    .input_height = 8,
    .input_width = 8,
    .input_channels = 16,
    .depth_multiplier = 1,
    .output_height = 8,
    .output_width = 8,
    .filter_height = 3,
    .filter_width = 3,
    .stride_height = 1,
    .stride_width = 1,
    .dilation_height = 1,
    .dilation_width = 1,
    .pad_top = 1,
    .pad_left = 1,
    .input_offset = 128,
    .output_offset = -128,
    .activation_min = -128,
    .activation_max = 127,
    .scale_step = 1,
    .weights = digits_1_weights,
    .bias = digits_1_bias,
    .multiplier = digits_1_multiplier,
    .shift = digits_1_shift,
};

static const TNF_FLASH tnf_conv_2d_t layer_2 = {
    .batches = 1,
    .input_height = 8,
    .input_width = 8,
    .input_channels = 16,
    .output_height = 8,
    .output_width = 8,
    .output_channels = 24,
    .filter_height = 1,
    .filter_width = 1,
    .filter_channels = 16,
    .group_outputs = 24,
    .stride_height = 1,
    .stride_width = 1,
    .dilation_height = 1,
    .dilation_width = 1,
    .pad_top = 0,
    .pad_left = 0,
    .input_offset = 128,
    .output_offset = -128,
    .activation_min = -128,
    .activation_max = 127,
    .scale_step = 1,
    .weights = digits_2_weights,
    .bias = digits_2_bias,
    .multiplier = digits_2_multiplier,
    .shift = digits_2_shift,
};

static const TNF_FLASH tnf_depthwise_conv_2d_t layer_3 = {
    .batches = 1,
    .input_height = 8,
    .input_width = 8,
    .input_channels = 24,
    .depth_multiplier = 1,
    .output_height = 4,
    .output_width = 4,
    .filter_height = 3,
    .filter_width = 3,
    .stride_height = 2,
    .stride_width = 2,
    .dilation_height = 1,
    .dilation_width = 1,
    .pad_top = 0,
    .pad_left = 0,
    .input_offset = 128,
    .output_offset = -128,
    .activation_min = -128,
    .activation_max = 127,
    .scale_step = 1,
    .weights = digits_3_weights,
    .bias = digits_3_bias,
    .multiplier = digits_3_multiplier,
    .shift = digits_3_shift,
};

static const TNF_FLASH tnf_conv_2d_t layer_4 = {
    .batches = 1,
    .input_height = 4,
    .input_width = 4,
    .input_channels = 24,
    .output_height = 4,
    .output_width = 4,
    .output_channels = 32,
    .filter_height = 1,
    .filter_width = 1,
    .filter_channels = 24,
    .group_outputs = 32,
    .stride_height = 1,
    .stride_width = 1,
    .dilation_height = 1,
    .dilation_width = 1,
    .pad_top = 0,
    .pad_left = 0,
    .input_offset = 128,
    .output_offset = -128,
    .activation_min = -128,
    .activation_max = 127,
    .scale_step = 1,
    .weights = digits_4_weights,
    .bias = digits_4_bias,
    .multiplier = digits_4_multiplier,
    .shift = digits_4_shift,
};

static const TNF_FLASH tnf_depthwise_conv_2d_t layer_5 = {
    .batches = 1,
    .input_height = 4,
    .input_width = 4,
    .input_channels = 32,
    .depth_multiplier = 1,
    .output_height = 4,
    .output_width = 4,
    .filter_height = 3,
    .filter_width = 3,
    .stride_height = 1,
    .stride_width = 1,
    .dilation_height = 1,
    .dilation_width = 1,
    .pad_top = 1,
    .pad_left = 1,
    .input_offset = 128,
    .output_offset = -128,
    .activation_min = -128,
    .activation_max = 127,
    .scale_step = 1,
    .weights = digits_5_weights,
    .bias = digits_5_bias,
    .multiplier = digits_5_multiplier,
    .shift = digits_5_shift,
};

static const TNF_FLASH tnf_conv_2d_t layer_6 = {
    .batches = 1,
    .input_height = 4,
    .input_width = 4,
    .input_channels = 32,
    .output_height = 4,
    .output_width = 4,
    .output_channels = 48,
    .filter_height = 1,
    .filter_width = 1,
    .filter_channels = 32,
    .group_outputs = 48,
    .stride_height = 1,
    .stride_width = 1,
    .dilation_height = 1,
    .dilation_width = 1,
    .pad_top = 0,
    .pad_left = 0,
    .input_offset = 128,
    .output_offset = -128,
    .activation_min = -128,
    .activation_max = 127,
    .scale_step = 1,
    .weights = digits_6_weights,
    .bias = digits_6_bias,
    .multiplier = digits_6_multiplier,
    .shift = digits_6_shift,
};

static const TNF_FLASH tnf_sum_t layer_7 = {
    .kept_0 = 1,
    .reduced_0 = 16,
    .kept_1 = 48,
    .reduced_1 = 1,
    .kept_2 = 1,
    .input_offset = 2048,
    .output_offset = -128,
    .multiplier = 1267815408,
    .shift = -2,
};

static const TNF_FLASH tnf_fully_connected_t layer_8 = {
    .rows = 1,
    .input_depth = 48,
    .output_depth = 10,
    .input_offset = 128,
    .output_offset = -18,
    .activation_min = -128,
    .activation_max = 127,
    .scale_step = 1,
    .weights = digits_8_weights,
    .bias = digits_8_bias,
    .multiplier = digits_8_multiplier,
    .shift = digits_8_shift,
};

static const TNF_FLASH tnf_softmax_t layer_9 = {
    .rows = 1,
    .depth = 10,
    .multiplier = 1342298880,
    .shift = 24,
    .diff_min = -124,
};

/* Layer 1 by rows, over its input. Input rows are copied into a ring before the output's overwrite them. */
static void layer_1_by_rows(int8_t *arena, const tnf_observer_t *observer)
{
    tnf_ring_t copy = tnf_ring(arena + 1472, 128, 3);
    for (int32_t row = 0; row < 8; row++) {
        tnf_ring_copy(&copy, arena + 320, tnf_rows_until(8, row + 2));
        /* 1  DEPTHWISE_CONV_2D sequential_1/re_lu_1_2/Relu: [1, 8, 8, 16] -> [1, 8, 8, 16], 9216 MACs */
        int8_t *output = arena + 448 + row * 128;
        tnf_depthwise_conv_2d_rows_s8(&layer_1, &copy.rows, row, row + 1, output);
    }
    tnf_observe(observer, 1, 1024, 0, arena + 448, 1024);
}

/* Layer 2 by rows, over its input. Input rows are copied into a ring before the output's overwrite them. */
static void layer_2_by_rows(int8_t *arena, const tnf_observer_t *observer)
{
    tnf_ring_t copy = tnf_ring(arena + 1536, 128, 1);
    for (int32_t row = 0; row < 8; row++) {
        tnf_ring_copy(&copy, arena + 448, row + 1);
        /* 2  CONV_2D sequential_1/re_lu_2_1/Relu: [1, 8, 8, 16] -> [1, 8, 8, 24], 24576 MACs */
        int8_t *output = arena + 0 + row * 192;
        tnf_conv_2d_rows_s8(&layer_2, &copy.rows, row, row + 1, output);
    }
    tnf_observe(observer, 2, 1536, 0, arena + 0, 1536);
}

/* Layer 3 by rows, over its input. Input rows are copied into a ring before the output's overwrite them. */
static void layer_3_by_rows(int8_t *arena, const tnf_observer_t *observer)
{
    tnf_ring_t copy = tnf_ring(arena + 1536, 192, 3);
    for (int32_t row = 0; row < 4; row++) {
        tnf_ring_copy(&copy, arena + 0, tnf_rows_until(8, 2 * row + 3));
        /* 3  DEPTHWISE_CONV_2D sequential_1/re_lu_3_1/Relu: [1, 8, 8, 24] -> [1, 4, 4, 24], 3456 MACs */
        int8_t *output = arena + 0 + row * 96;
        tnf_depthwise_conv_2d_rows_s8(&layer_3, &copy.rows, row, row + 1, output);
    }
    tnf_observe(observer, 3, 384, 0, arena + 0, 384);
}

void digits_invoke(int8_t *arena, const tnf_observer_t *observer)
{
    /* 0  CONV_2D sequential_1/re_lu_1/Relu: [1, 8, 8, 1] -> [1, 8, 8, 16], 9216 MACs */
    tnf_conv_2d_s8(&layer_0, arena + 0, arena + 320);
    tnf_observe(observer, 0, 1024, 0, arena + 320, 1024);
    /* 1  by rows, over its input */
    layer_1_by_rows(arena, observer);
    /* 2  by rows, over its input */
    layer_2_by_rows(arena, observer);
    /* 3  by rows, over its input */
    layer_3_by_rows(arena, observer);
    /* 4  CONV_2D sequential_1/re_lu_4_1/Relu: [1, 4, 4, 24] -> [1, 4, 4, 32], 12288 MACs */
    tnf_conv_2d_s8(&layer_4, arena + 0, arena + 512);
    tnf_observe(observer, 4, 512, 0, arena + 512, 512);
    /* 5  DEPTHWISE_CONV_2D sequential_1/re_lu_5_1/Relu: [1, 4, 4, 32] -> [1, 4, 4, 32], 4608 MACs */
    tnf_depthwise_conv_2d_s8(&layer_5, arena + 512, arena + 0);
    tnf_observe(observer, 5, 512, 0, arena + 0, 512);
    /* 6  CONV_2D sequential_1/re_lu_6_1/Relu: [1, 4, 4, 32] -> [1, 4, 4, 48], 24576 MACs */
    tnf_conv_2d_s8(&layer_6, arena + 0, arena + 512);
    tnf_observe(observer, 6, 768, 0, arena + 512, 768);
    /* 7  MEAN sequential_1/global_average_pooling2d_1/Mean: [1, 4, 4, 48] -> [1, 48] */
    tnf_sum_s8(&layer_7, arena + 512, arena + 0);
    tnf_observe(observer, 7, 48, 0, arena + 0, 48);
    /* 8  FULLY_CONNECTED sequential_1/dense_1/MatMul: [1, 48] -> [1, 10], 480 MACs */
    tnf_fully_connected_s8(&layer_8, arena + 0, arena + 48);
    tnf_observe(observer, 8, 10, 0, arena + 48, 10);
    /* 9  SOFTMAX StatefulPartitionedCall_1:0: [1, 10] -> [1, 10] */
    tnf_softmax_s8(&layer_9, arena + 48, arena + 0);
    tnf_observe(observer, 9, 10, 0, arena + 0, 10);
}

static const TNF_FLASH tnf_tensor_t inputs[] = {
    { 0, 64, 0.003921569f, -128, TNF_INT8 },
};

static const TNF_FLASH tnf_tensor_t outputs[] = {
    { 0, 10, 0.00390625f, -128, TNF_INT8 },
};

const TNF_FLASH tnf_model_t digits_model = {
    .name = "digits",
    .sha256 = { 0xe0, 0x6d, 0x28, 0xff, 0xad, 0xb2, 0x1f, 0xaa, 0xeb, 0x9a, 0x86, 0x83, 0x01, 0x06, 0x9a, 0x6d, 0x0b, 0x6d, 0x0d, 0x18, 0x10, 0x3c, 0x88, 0xe1, 0x9f, 0xa3, 0x53, 0x57, 0x47, 0xbe, 0xa6, 0x3e },
    .arena_bytes = DIGITS_ARENA_BYTES,
    .layers = DIGITS_LAYERS,
    .input_bytes = 64,
    .output_bytes = 10,
    .input_count = 1,
    .output_count = 1,
    .inputs = inputs,
    .outputs = outputs,
    .reset = NULL,
    .invoke = digits_invoke,
};
