/** @file
 * Layers of int8 for cores that multiply words only: two values share a word, so that one product
 * is two. How, and why it is exact, is on this folder's page, README.md. The contract of all
 * kernels is in tnf_kernels.h.
 *
 * The sums that these kernels compute become outputs by `factors`, three words for each output
 * channel: what is added to the sum, a multiplier, and a third one. Where `exponent` is 0 or more
 * that is a constant, and the output is
 *
 *     ((sum + start) * multiplier >> 32) + constant >> exponent, limited to int8;
 *
 * where it is negative it is the shift of tnf_requantize_s8.
 */
#ifndef TNF_PAIRS_H
#define TNF_PAIRS_H

#include "tnf_kernels.h"

#define tnf_conv_2d_pairs_s8 TNF_LINK_NAME(tnf_conv_2d_pairs_s8, TNF_BACKEND)
#define tnf_conv_2d_pairs_rows_s8 TNF_LINK_NAME(tnf_conv_2d_pairs_rows_s8, TNF_BACKEND)
#define tnf_pairs_sums TNF_LINK_NAME(tnf_pairs_sums, TNF_BACKEND)
#define tnf_depthwise_taps_s8 TNF_LINK_NAME(tnf_depthwise_taps_s8, TNF_BACKEND)
#define tnf_depthwise_taps_rows_s8 TNF_LINK_NAME(tnf_depthwise_taps_rows_s8, TNF_BACKEND)
#define tnf_taps_sums TNF_LINK_NAME(tnf_taps_sums, TNF_BACKEND)
#define tnf_fully_connected_pairs_s8 TNF_LINK_NAME(tnf_fully_connected_pairs_s8, TNF_BACKEND)
#define tnf_row_sums TNF_LINK_NAME(tnf_row_sums, TNF_BACKEND)
#define tnf_requantize_sums TNF_LINK_NAME(tnf_requantize_sums, TNF_BACKEND)
#define tnf_requantize_sums_exact TNF_LINK_NAME(tnf_requantize_sums_exact, TNF_BACKEND)

#define TNF_PAIRS_MOST 4  /**< words of two pixels that are computed together, at most */
#define TNF_PAIRS_TAPS 16 /**< weights of a group, at most */
#define TNF_FACTOR_WORDS 3

#define TNF_TAPS 3           /**< weights side by side that are used together */
#define TNF_TAPS_PIXELS 6    /**< outputs of a channel that are computed together */
#define TNF_TAPS_CHANNELS 16 /**< channels whose sums wait for their requantisation */
#define TNF_TAPS_MOST 16     /**< threes of weights of a channel */

#define TNF_ROW_CHANNELS 8 /**< outputs of a row that are computed together */

#ifndef __ASSEMBLER__

#include "tnf_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Two-dimensional convolution without groups of channels. */
typedef struct tnf_conv_2d_pairs {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t padding;  /**< the input's zero point */
    int32_t words;    /**< how many words of two pixels are computed together: 1, 2 or 4 */
    int32_t together; /**< output channels whose sums wait for their requantisation */
    int32_t exponent;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    const TNF_FLASH uint8_t *weights; /**< a stream, see tnf_pairs_sums */
    const TNF_FLASH int32_t *factors; /**< [output_channels][3] */
} tnf_conv_2d_pairs_t;

/** Before a pixel is written, its whole block of 2 * `words` pixels has been read where the filter
 *  has one value and the strides are 1: then the output may start where the input does.
 *  @param params   sizes and constants
 *  @param input    [batches, input_height, input_width, input_channels]
 *  @param output   [batches, output_height, output_width, output_channels]
 *  @param scratch  words of the filter's size times `words`, and behind them 2 * `words` for each
 *                  of `together` channels, at least input_channels bytes */
void tnf_conv_2d_pairs_s8(const TNF_FLASH tnf_conv_2d_pairs_t *params, const int8_t *input,
                          int8_t *output, int8_t *scratch);

/** tnf_conv_2d_pairs_s8 of one image by rows, see tnf_rows.h.
 *  @param params   sizes and constants; `batches` is not looked at
 *  @param input    rows of [input_width, input_channels]
 *  @param first    the first output row
 *  @param end      the one after the last
 *  @param output   [end - first, output_width, output_channels]
 *  @param scratch  as above */
void tnf_conv_2d_pairs_rows_s8(const TNF_FLASH tnf_conv_2d_pairs_t *params, const tnf_rows_t *input,
                               int32_t first, int32_t end, int8_t *output, int8_t *scratch);

/** Sums of products of 2 * @p words pixels with the weights of @p channels channels.
 *
 *  A channel is two bytes, the lower first, that count its groups, and these groups: a weight, a
 *  byte that counts the weights that follow (at most TNF_PAIRS_TAPS - 1), and those. The weights
 *  of a group come to 255 at most without their signs.
 *  @param values   [values][words], the pixels `j` and `j + words` in word `j`:
 *                  the first plus 65536 times the second
 *  @param stream   the channels' weights
 *  @param sums     [channels][2 * words]
 *  @return the stream behind these channels */
const TNF_FLASH uint8_t *tnf_pairs_sums(const tnf_int32_t *values, const TNF_FLASH uint8_t *stream,
                                        tnf_int32_t *sums, int32_t channels, int32_t words);

/** Depthwise convolution, one filter for each channel, by threes of weights that lie side by side:
 *  a filter's row is filled up with weights of 0. What is added to a sum makes up for values that
 *  are 128 more than they are. */
typedef struct tnf_depthwise_taps {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width; /**< 1 or 2 */
    int32_t pad_top;
    int32_t pad_left;
    int32_t padding; /**< the input's zero point */
    int32_t
        columns; /**< of a row in scratch: all under a row of windows, or under TNF_TAPS_PIXELS */
    int32_t exponent;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    const TNF_FLASH int8_t *weights;  /**< [channels][filter_height][threes of a row][3] */
    const TNF_FLASH int32_t *factors; /**< [channels][3] */
} tnf_depthwise_taps_t;

/** Copies the rows under a row of windows before it writes that row.
 *  @param params   sizes and constants
 *  @param input    [batches, input_height, input_width, input_channels]
 *  @param output   [batches, output_height, output_width, input_channels]
 *  @param scratch  TNF_TAPS_PIXELS words for each of TNF_TAPS_CHANNELS channels, and filter_height
 *                  rows of [input_channels, columns] bytes */
void tnf_depthwise_taps_s8(const TNF_FLASH tnf_depthwise_taps_t *params, const int8_t *input,
                           int8_t *output, int8_t *scratch);

/** tnf_depthwise_taps_s8 of one image by rows, see tnf_rows.h.
 *  @param params   sizes and constants; `batches` is not looked at
 *  @param input    rows of [input_width, input_channels]
 *  @param first    the first output row
 *  @param end      the one after the last
 *  @param output   [end - first, output_width, input_channels]
 *  @param scratch  as above */
void tnf_depthwise_taps_rows_s8(const TNF_FLASH tnf_depthwise_taps_t *params,
                                const tnf_rows_t *input, int32_t first, int32_t end, int8_t *output,
                                int8_t *scratch);

/** What tnf_taps_sums reads: rows of one channel behind those of another, bytes without a sign that
 *  are 128 more than the values. */
typedef struct tnf_taps {
    const uint8_t *const *rows; /**< for each three of weights its first value, then NULL */
    int32_t pitch;              /**< bytes from a channel to the next one */
    int32_t stride;             /**< 1 or 2 */
} tnf_taps_t;

/** Sums of products of TNF_TAPS_PIXELS outputs in a row for each of @p channels channels.
 *  @param taps      the values of channel 0
 *  @param weights   [channels][threes][3]
 *  @param sums      [channels][TNF_TAPS_PIXELS]
 *  @param first     the first channel
 *  @param channels  how many
 *  @return the weights behind these channels */
const TNF_FLASH int8_t *tnf_taps_sums(const tnf_taps_t *taps, const TNF_FLASH int8_t *weights,
                                      tnf_int32_t *sums, int32_t first, int32_t channels);

/** Fully connected layer over rows. */
typedef struct tnf_fully_connected_pairs {
    int32_t rows;
    int32_t input_depth;
    int32_t output_depth;
    int32_t exponent;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    const TNF_FLASH int32_t *weights; /**< a stream, see tnf_row_sums */
    const TNF_FLASH int32_t *factors; /**< [output_depth][3] */
} tnf_fully_connected_pairs_t;

/** @param params   sizes and constants
 *  @param input    [rows, input_depth]
 *  @param output   [rows, output_depth] */
void tnf_fully_connected_pairs_s8(const TNF_FLASH tnf_fully_connected_pairs_t *params,
                                  const int8_t *input, int8_t *output);

/** Sums of products of a row with the weights of TNF_ROW_CHANNELS channels.
 *
 *  The stream is the number of groups, and these: the number of their values, and for each of them
 *  two words of four weights, each 128 more than it is. The first has those of channels 0, 1, 4 and
 *  5, its lowest byte first, the second those of 2, 3, 6 and 7. The weights of a channel in a group
 *  come to 255 at most without their signs.
 *  @param values   the row
 *  @param stream   the channels' weights
 *  @param sums     [TNF_ROW_CHANNELS]
 *  @return the stream behind these channels */
const TNF_FLASH int32_t *tnf_row_sums(const int8_t *values, const TNF_FLASH int32_t *stream,
                                      tnf_int32_t *sums);

/** What sums become, the same for all channels of a layer. */
typedef struct tnf_requantized {
    int32_t exponent;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
} tnf_requantized_t;

/** Sums that become outputs. */
typedef struct tnf_sums {
    const tnf_int32_t *values; /**< [channels][step], of which the first `pixels` are wanted */
    int32_t step;
    int32_t pixels;
    int32_t channels;
    int32_t pitch; /**< bytes from a pixel's outputs to those of the next one */
} tnf_sums_t;

/** The outputs of pixels.
 *  @param how      of this layer
 *  @param factors  [channels][3]
 *  @param sums     theirs
 *  @param output   of the first channel of the first pixel */
void tnf_requantize_sums(const tnf_requantized_t *how, const TNF_FLASH int32_t *factors,
                         const tnf_sums_t *sums, int8_t *output);

/** tnf_requantize_sums where there is no short form. */
void tnf_requantize_sums_exact(const tnf_requantized_t *how, const TNF_FLASH int32_t *factors,
                               const tnf_sums_t *sums, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif

#endif
