/** @file
 * The inference kernels: one parameter struct and one function per operator.
 *
 * Contract of all kernels:
 * - Activations are int8, layout [N, H, W, C], the last dimension contiguous; a value q stands for
 *   (q - zero_point) * scale. `input_offset` is minus the input's zero point (-127 to 128),
 *   `output_offset` the output's (-128 to 127).
 * - `activation_min` and `activation_max` clamp the output, -128 <= min <= max <= 127.
 * - Extents and strides are at least 1. The compiler proved that no index leaves a buffer and that
 *   no accumulator leaves 32 bits; kernels do not check again and cannot fail.
 * - A multiplier and its shift (-31 to 30) are a positive factor, see tnf_requantize.h.
 * - Parameters and what they point to are constant and may stay in flash. Buffers need no
 *   alignment.
 * - The output must not overlap an input unless the kernel says "in place": then it may start at
 *   exactly the input's address.
 * - No kernel keeps state, allocates or blocks: all are reentrant and may run in an ISR.
 */
#ifndef TNF_KERNELS_H
#define TNF_KERNELS_H

#include <stdint.h>

#include "tnf_backend.h"
#include "tnf_flash.h"

/** Begins a kernel's definition: where several libraries in one image have the same kernel, the
 *  linker takes one of them, whether they are archives or plain objects. */
#define TNF_KERNEL __attribute__((weak))

/* The names that the linker sees end with TNF_ABI and the backend: a library never gets the kernels
 * of another that was made for another contract, or that wants its weights in another order. */
#define TNF_LINK_NAME_(name, backend) name##_abi1_##backend
#define TNF_LINK_NAME(name, backend) TNF_LINK_NAME_(name, backend)
#define tnf_conv_2d_s8 TNF_LINK_NAME(tnf_conv_2d_s8, TNF_BACKEND)
#define tnf_depthwise_conv_2d_s8 TNF_LINK_NAME(tnf_depthwise_conv_2d_s8, TNF_BACKEND)
#define tnf_fully_connected_s8 TNF_LINK_NAME(tnf_fully_connected_s8, TNF_BACKEND)
#define tnf_average_pool_2d_s8 TNF_LINK_NAME(tnf_average_pool_2d_s8, TNF_BACKEND)
#define tnf_max_pool_2d_s8 TNF_LINK_NAME(tnf_max_pool_2d_s8, TNF_BACKEND)
#define tnf_mean_s8 TNF_LINK_NAME(tnf_mean_s8, TNF_BACKEND)
#define tnf_add_s8 TNF_LINK_NAME(tnf_add_s8, TNF_BACKEND)
#define tnf_add_constant_s8 TNF_LINK_NAME(tnf_add_constant_s8, TNF_BACKEND)
#define tnf_pad_s8 TNF_LINK_NAME(tnf_pad_s8, TNF_BACKEND)
#define tnf_softmax_s8 TNF_LINK_NAME(tnf_softmax_s8, TNF_BACKEND)
#define tnf_rescale_s8 TNF_LINK_NAME(tnf_rescale_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Two-dimensional convolution, also with groups. */
typedef struct tnf_conv_2d {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t filter_height;
    int32_t filter_width;
    int32_t filter_channels; /**< input_channels / groups */
    int32_t group_outputs;   /**< output_channels / groups */
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t input_offset;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    int32_t scale_step; /**< 1: a multiplier and shift per output channel, 0: one for all */
    /** [output_channels, filter_height, filter_width, filter_channels] */
    const TNF_FLASH int8_t *weights;
    const TNF_FLASH int32_t *bias;       /**< [output_channels], or NULL for none */
    const TNF_FLASH int32_t *multiplier; /**< [output_channels] or [1] */
    const TNF_FLASH int8_t *shift;       /**< [output_channels] or [1] */
} tnf_conv_2d_t;

/** @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, output_channels] */
void tnf_conv_2d_s8(const TNF_FLASH tnf_conv_2d_t *params, const int8_t *input, int8_t *output);

/** Depthwise convolution: every input channel has `depth_multiplier` filters of its own. */
typedef struct tnf_depthwise_conv_2d {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t depth_multiplier;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t input_offset;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    int32_t scale_step; /**< 1: a multiplier and shift per output channel, 0: one for all */
    const TNF_FLASH int8_t *weights;     /**< [filter_height, filter_width, output_channels] */
    const TNF_FLASH int32_t *bias;       /**< [output_channels], or NULL for none */
    const TNF_FLASH int32_t *multiplier; /**< [output_channels] or [1] */
    const TNF_FLASH int8_t *shift;       /**< [output_channels] or [1] */
} tnf_depthwise_conv_2d_t;

/** Output channels are input_channels * depth_multiplier; channel c reads input channel
 *  c / depth_multiplier.
 *  @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, output channels] */
void tnf_depthwise_conv_2d_s8(const TNF_FLASH tnf_depthwise_conv_2d_t *params, const int8_t *input,
                              int8_t *output);

/** Fully connected layer over rows. */
typedef struct tnf_fully_connected {
    int32_t rows;
    int32_t input_depth;
    int32_t output_depth;
    int32_t input_offset;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    int32_t scale_step;              /**< 1: a multiplier and shift per output, 0: one for all */
    const TNF_FLASH int8_t *weights; /**< [output_depth, input_depth] */
    const TNF_FLASH int32_t *bias;   /**< [output_depth], or NULL for none */
    const TNF_FLASH int32_t *multiplier; /**< [output_depth] or [1] */
    const TNF_FLASH int8_t *shift;       /**< [output_depth] or [1] */
} tnf_fully_connected_t;

/** @param params  sizes and constants
 *  @param input   [rows, input_depth]
 *  @param output  [rows, output_depth] */
void tnf_fully_connected_s8(const TNF_FLASH tnf_fully_connected_t *params, const int8_t *input,
                            int8_t *output);

/** Pooling over windows of every channel; input and output have one scale and zero point. */
typedef struct tnf_pool_2d {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t channels;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t activation_min;
    int32_t activation_max;
} tnf_pool_2d_t;

/** The mean over each window's part inside the input, to nearest, halves away from zero. In place
 *  where there is no padding and no two windows share a value (stride at least the filter's size).
 *  @param params  sizes; a window has at most 2^23 values, and at least one inside the input
 *  @param input   [batches, input_height, input_width, channels]
 *  @param output  [batches, output_height, output_width, channels] */
void tnf_average_pool_2d_s8(const TNF_FLASH tnf_pool_2d_t *params, const int8_t *input,
                            int8_t *output);

/** The maximum over each window's part inside the input. In place as tnf_average_pool_2d_s8.
 *  @param params  sizes; a window has at least one value inside the input
 *  @param input   [batches, input_height, input_width, channels]
 *  @param output  [batches, output_height, output_width, channels] */
void tnf_max_pool_2d_s8(const TNF_FLASH tnf_pool_2d_t *params, const int8_t *input, int8_t *output);

/** Mean over any axes of up to four dimensions, written as five extents that alternate between
 *  kept and reduced; those not needed are 1. */
typedef struct tnf_mean {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    int32_t input_offset; /**< minus the input's zero point times the number of values averaged */
    int32_t output_offset;
    int32_t multiplier; /**< with the division by the number of values averaged */
    int32_t shift;
} tnf_mean_t;

/** In place.
 *  @param params  sizes and constants; at most 2^23 values are averaged into one
 *  @param input   [kept_0, reduced_0, kept_1, reduced_1, kept_2]
 *  @param output  [kept_0, kept_1, kept_2] */
void tnf_mean_s8(const TNF_FLASH tnf_mean_t *params, const int8_t *input, int8_t *output);

/** Sum of two tensors, either of which may be broadcast: its stride along that dimension is 0.
 *  Dimensions along which both are dense are merged by the compiler. */
typedef struct tnf_add {
    int32_t extent_0; /**< of the output, outermost first */
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t input1_stride_0; /**< in elements, 0 where input 1 is broadcast */
    int32_t input1_stride_1;
    int32_t input1_stride_2;
    int32_t input1_stride_3;
    int32_t input2_stride_0;
    int32_t input2_stride_1;
    int32_t input2_stride_2;
    int32_t input2_stride_3;
    int32_t input1_offset; /**< minus the zero point */
    int32_t input1_multiplier;
    int32_t input1_shift; /**< at most 0 */
    int32_t input2_offset;
    int32_t input2_multiplier;
    int32_t input2_shift; /**< at most 0 */
    int32_t left_shift;   /**< of both inputs before they are scaled: 20 */
    int32_t output_offset;
    int32_t output_multiplier;
    int32_t output_shift; /**< at most 0 */
    int32_t activation_min;
    int32_t activation_max;
    const TNF_FLASH int8_t *constant; /**< the second operand of tnf_add_constant_s8, else NULL */
} tnf_add_t;

/** In place over any input that is not broadcast.
 *  @param params  sizes and constants
 *  @param input1  first operand
 *  @param input2  second operand; may be the first
 *  @param output  [extent_0, extent_1, extent_2, extent_3] */
void tnf_add_s8(const TNF_FLASH tnf_add_t *params, const int8_t *input1, const int8_t *input2,
                int8_t *output);

/** tnf_add_s8 with the operand params->constant. In place if the input is not broadcast.
 *  @param params  sizes and constants
 *  @param input   first operand
 *  @param output  [extent_0, extent_1, extent_2, extent_3] */
void tnf_add_constant_s8(const TNF_FLASH tnf_add_t *params, const int8_t *input, int8_t *output);

/** Padding of up to four dimensions with the zero point. */
typedef struct tnf_pad {
    int32_t input_0; /**< input extents, outermost first */
    int32_t input_1;
    int32_t input_2;
    int32_t input_3;
    int32_t before_0; /**< values put before, at least 0 */
    int32_t before_1;
    int32_t before_2;
    int32_t before_3;
    int32_t after_0; /**< values put after, at least 0 */
    int32_t after_1;
    int32_t after_2;
    int32_t after_3;
    int32_t value; /**< of the padding, -128 to 127 */
} tnf_pad_t;

/** @param params  sizes and the padding's value
 *  @param input   [input_0, input_1, input_2, input_3]
 *  @param output  every extent is before + input + after */
void tnf_pad_s8(const TNF_FLASH tnf_pad_t *params, const int8_t *input, int8_t *output);

/** Softmax over rows. The output's scale is 1/256, its zero point -128. */
typedef struct tnf_softmax {
    int32_t rows;
    int32_t depth; /**< at most 4095: the sum of exponentials is Q12.19 */
    int32_t multiplier;
    int32_t shift;    /**< 0 to 31 */
    int32_t diff_min; /**< differences to the row's maximum below it count as zero probability */
} tnf_softmax_t;

/** In place. The exponentials are computed twice instead of being kept: no scratch.
 *  @param params  sizes and constants
 *  @param input   [rows, depth]
 *  @param output  [rows, depth] */
void tnf_softmax_s8(const TNF_FLASH tnf_softmax_t *params, const int8_t *input, int8_t *output);

/** Change of scale and zero point, with a clamp: QUANTIZE, RELU and RELU6. */
typedef struct tnf_rescale {
    int32_t elements;
    int32_t input_offset;
    int32_t multiplier;
    int32_t shift;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
} tnf_rescale_t;

/** In place.
 *  @param params  size and constants
 *  @param input   [elements]
 *  @param output  [elements] */
void tnf_rescale_s8(const TNF_FLASH tnf_rescale_t *params, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
