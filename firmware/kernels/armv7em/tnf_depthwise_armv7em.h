/** @file
 * Depthwise convolutions of int8 for cores with the DSP extension of Armv7E-M and Armv8-M. How the
 * constants are packed is in README.md beside this file. The contract of all kernels is in
 * tnf_kernels.h.
 */
#ifndef TNF_DEPTHWISE_ARMV7EM_H
#define TNF_DEPTHWISE_ARMV7EM_H

#include "tnf_kernels.h"
#include "tnf_rows.h"

#define tnf_depthwise_3x3_dsp_s8 TNF_LINK_NAME(tnf_depthwise_3x3_dsp_s8, TNF_BACKEND)
#define tnf_depthwise_3x3_dsp_rows_s8 TNF_LINK_NAME(tnf_depthwise_3x3_dsp_rows_s8, TNF_BACKEND)
#define tnf_depthwise_3x3_stride_2_dsp_s8                                                          \
    TNF_LINK_NAME(tnf_depthwise_3x3_stride_2_dsp_s8, TNF_BACKEND)
#define tnf_depthwise_3x3_stride_2_dsp_rows_s8                                                     \
    TNF_LINK_NAME(tnf_depthwise_3x3_stride_2_dsp_rows_s8, TNF_BACKEND)
#define tnf_depthwise_3x3_general_dsp_s8                                                           \
    TNF_LINK_NAME(tnf_depthwise_3x3_general_dsp_s8, TNF_BACKEND)
#define tnf_depthwise_3x3_general_dsp_rows_s8                                                      \
    TNF_LINK_NAME(tnf_depthwise_3x3_general_dsp_rows_s8, TNF_BACKEND)
#define tnf_depthwise_3x3_stride_2_general_dsp_s8                                                  \
    TNF_LINK_NAME(tnf_depthwise_3x3_stride_2_general_dsp_s8, TNF_BACKEND)
#define tnf_depthwise_3x3_stride_2_general_dsp_rows_s8                                             \
    TNF_LINK_NAME(tnf_depthwise_3x3_stride_2_general_dsp_rows_s8, TNF_BACKEND)
#define tnf_depthwise_dsp_s8 TNF_LINK_NAME(tnf_depthwise_dsp_s8, TNF_BACKEND)
#define tnf_depthwise_dsp_rows_s8 TNF_LINK_NAME(tnf_depthwise_dsp_rows_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Depthwise convolution of at least four channels and two output columns, one filter of 3x3 each,
 *  stride 1 or 2 in both directions. */
typedef struct tnf_depthwise_3x3_dsp {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height;   /**< 3 */
    int32_t stride_height;   /**< also of columns: 1 or 2 */
    int32_t dilation_height; /**< 1 */
    int32_t pad_top;
    int32_t pad_left; /**< 0 or 1 */
    int32_t input_zero_point;
    /** Channels that are computed together, a multiple of 4: rows of all of them are copied before
     *  one of their outputs is written. */
    int32_t at_once;
    int32_t first_band; /**< output rows after which the next channels follow; even at stride 1 */
    int32_t band;       /**< the same, of all bands but the first */
    const TNF_FLASH int32_t *constants; /**< of each channel 6 words */
} tnf_depthwise_3x3_dsp_t;

/** At stride 1 with the short requantisation. Where all channels are computed together, a row may
 * be overwritten once the last window that needs it was copied; else no row that a band reads
 * before all of the band is computed.
 *  @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, input_channels]
 *  @param scratch 8-aligned: 64 B for each pair of columns, of four channels at once */
void tnf_depthwise_3x3_dsp_s8(const TNF_FLASH tnf_depthwise_3x3_dsp_t *params, const int8_t *input,
                              int8_t *output, int8_t *scratch);

/** tnf_depthwise_3x3_dsp_s8 of one image by rows, see tnf_rows.h.
 *  @param params  sizes and constants; `batches` is not looked at
 *  @param input   rows of [input_width, input_channels]
 *  @param first   the first output row
 *  @param end     the one after the last
 *  @param output  [end - first, output_width, input_channels]
 *  @param scratch as of tnf_depthwise_3x3_dsp_s8 */
void tnf_depthwise_3x3_dsp_rows_s8(const TNF_FLASH tnf_depthwise_3x3_dsp_t *params,
                                   const tnf_rows_t *input, int32_t first, int32_t end,
                                   int8_t *output, int8_t *scratch);

/** tnf_depthwise_3x3_dsp_s8 at stride 2. */
void tnf_depthwise_3x3_stride_2_dsp_s8(const TNF_FLASH tnf_depthwise_3x3_dsp_t *params,
                                       const int8_t *input, int8_t *output, int8_t *scratch);

/** tnf_depthwise_3x3_dsp_rows_s8 at stride 2. */
void tnf_depthwise_3x3_stride_2_dsp_rows_s8(const TNF_FLASH tnf_depthwise_3x3_dsp_t *params,
                                            const tnf_rows_t *input, int32_t first, int32_t end,
                                            int8_t *output, int8_t *scratch);

/** tnf_depthwise_3x3_dsp_s8 with the general requantisation. */
void tnf_depthwise_3x3_general_dsp_s8(const TNF_FLASH tnf_depthwise_3x3_dsp_t *params,
                                      const int8_t *input, int8_t *output, int8_t *scratch);

/** tnf_depthwise_3x3_dsp_rows_s8 with the general requantisation. */
void tnf_depthwise_3x3_general_dsp_rows_s8(const TNF_FLASH tnf_depthwise_3x3_dsp_t *params,
                                           const tnf_rows_t *input, int32_t first, int32_t end,
                                           int8_t *output, int8_t *scratch);

/** tnf_depthwise_3x3_dsp_s8 at stride 2 with the general requantisation. */
void tnf_depthwise_3x3_stride_2_general_dsp_s8(const TNF_FLASH tnf_depthwise_3x3_dsp_t *params,
                                               const int8_t *input, int8_t *output,
                                               int8_t *scratch);

/** tnf_depthwise_3x3_dsp_rows_s8 at stride 2 with the general requantisation. */
void tnf_depthwise_3x3_stride_2_general_dsp_rows_s8(const TNF_FLASH tnf_depthwise_3x3_dsp_t *params,
                                                    const tnf_rows_t *input, int32_t first,
                                                    int32_t end, int8_t *output, int8_t *scratch);

/** Depthwise convolution with filters of any height and up to 16 columns, whose clamp is all of
 *  int8. */
typedef struct tnf_depthwise_dsp {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t depth_multiplier;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height; /**< also of columns: 1 */
    int32_t pad_top;
    int32_t pad_left;
    int32_t input_zero_point;
    int32_t general;                    /**< how sums are requantised: 0 short, 1 in general */
    int32_t pairs;                      /**< words of a filter's row */
    int32_t plane_columns;              /**< even */
    int32_t band;                       /**< output rows after which the next channels follow */
    const TNF_FLASH int32_t *constants; /**< of each channel 4 words, and those of its filter */
} tnf_depthwise_dsp_t;

/** No row may be overwritten that a band of rows reads before all of the band is computed.
 *  @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, output channels]
 *  @param scratch 8-aligned: int16 planes of four channels of a band's input rows, and what the
 *                 last block of four windows reads behind them */
void tnf_depthwise_dsp_s8(const TNF_FLASH tnf_depthwise_dsp_t *params, const int8_t *input,
                          int8_t *output, int8_t *scratch);

/** tnf_depthwise_dsp_s8 of one image by rows, see tnf_rows.h.
 *  @param params  sizes and constants; `batches` is not looked at
 *  @param input   rows of [input_width, input_channels]
 *  @param first   the first output row
 *  @param end     the one after the last
 *  @param output  [end - first, output_width, output channels]
 *  @param scratch as of tnf_depthwise_dsp_s8 */
void tnf_depthwise_dsp_rows_s8(const TNF_FLASH tnf_depthwise_dsp_t *params, const tnf_rows_t *input,
                               int32_t first, int32_t end, int8_t *output, int8_t *scratch);

#ifdef __cplusplus
}
#endif

#endif
