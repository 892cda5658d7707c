/** @file
 * The parts of kernels for the ESP32's cores that are written in assembly: what runs once for each
 * value. C code around them walks over bands of rows and over channels.
 *
 * Activations are expanded to int16 before they are multiplied: x becomes x + 128, 0 to 255, in
 * scratch. Weights are int16 too, those of one output channel at a time; a sum has 32 bits.
 *
 * In scratch, four values that follow one another have one of two orders: straight, or crossed, in
 * which the second and the third change places. Crossed is what falls out of whole words.
 */
#ifndef TNF_MAC16_PARTS_H
#define TNF_MAC16_PARTS_H

#include "tnf_kernels.h"

#define tnf_mac16_expand TNF_LINK_NAME(tnf_mac16_expand, TNF_BACKEND)
#define tnf_mac16_gather TNF_LINK_NAME(tnf_mac16_gather, TNF_BACKEND)
#define tnf_mac16_columns TNF_LINK_NAME(tnf_mac16_columns, TNF_BACKEND)
#define tnf_mac16_pairs TNF_LINK_NAME(tnf_mac16_pairs, TNF_BACKEND)
#define tnf_mac16_unpack TNF_LINK_NAME(tnf_mac16_unpack, TNF_BACKEND)
#define tnf_mac16_pixels TNF_LINK_NAME(tnf_mac16_pixels, TNF_BACKEND)
#define tnf_mac16_windows TNF_LINK_NAME(tnf_mac16_windows, TNF_BACKEND)
#define tnf_mac16_lines TNF_LINK_NAME(tnf_mac16_lines, TNF_BACKEND)
#define tnf_mac16_prepare TNF_LINK_NAME(tnf_mac16_prepare, TNF_BACKEND)
#define tnf_mac16_linear TNF_LINK_NAME(tnf_mac16_linear, TNF_BACKEND)
#define tnf_mac16_units TNF_LINK_NAME(tnf_mac16_units, TNF_BACKEND)

/* Offsets of the fields of the structs below, for assembly. */
#define TNF_RUN_VALUES 0
#define TNF_RUN_WEIGHTS 4
#define TNF_RUN_OUTPUT 8
#define TNF_RUN_CHANNEL 12
#define TNF_RUN_PIXELS 16
#define TNF_RUN_OUTPUT_STEP 20
#define TNF_RUN_QUADS 24
#define TNF_RUN_LOW 28
#define TNF_RUN_HIGH 32
#define TNF_RUN_ROWS 36
#define TNF_RUN_SEGMENTS 40
#define TNF_RUN_SEGMENT_STEP 44
#define TNF_RUN_PIXEL_STEP 48
#define TNF_RUN_ROW_STEP 52

#define TNF_CHANNEL_BIAS 0
#define TNF_CHANNEL_MULTIPLIER 4
#define TNF_CHANNEL_CONSTANT 8
#define TNF_CHANNEL_SHIFT 12
#define TNF_CHANNEL_TAPS 16

#define TNF_LINES_VALUES 0
#define TNF_LINES_OUTPUT 4
#define TNF_LINES_CHANNEL 8
#define TNF_LINES_HALF 12
#define TNF_LINES_PIXELS 16
#define TNF_LINES_LINES 20
#define TNF_LINES_LINE_STEP 24
#define TNF_LINES_NEXT_LINE 28
#define TNF_LINES_STEP 32
#define TNF_LINES_OUTPUT_STEP 36
#define TNF_LINES_OUTPUT_LINE 40
#define TNF_LINES_LOW 44
#define TNF_LINES_HIGH 48

#define TNF_UNITS_VALUES 0
#define TNF_UNITS_WEIGHTS 4
#define TNF_UNITS_OUTPUT 8
#define TNF_UNITS_CHANNEL 12
#define TNF_UNITS_UNITS 16
#define TNF_UNITS_QUADS 20
#define TNF_UNITS_BIAS 24
#define TNF_UNITS_LOW 28
#define TNF_UNITS_HIGH 32

#define TNF_LINEAR_FIRST 0
#define TNF_LINEAR_SECOND 4
#define TNF_LINEAR_CONSTANT 8
#define TNF_LINEAR_SHIFT 12

#ifndef __ASSEMBLER__

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How the sums of one output channel become int8, in one of two ways.
 *
 *  Short, where `shift` is 0: clamp8(((sum * multiplier) >> 32) + constant). The compiler found
 *  these constants and verified them for every sum there can be; not every channel has some.
 *
 *  Exact, else: the reference's double rounding. With 4 * sum the product keeps one bit after the
 *  point, so that halves can be told; `constant` has the rounding and the output's offset, and a
 *  negative sum takes one from what is rounded, which makes halves go away from zero:
 *  clamp((((4 * sum * multiplier) >> 32) - 2 * (sum < 0) + constant) >> shift, low, high). */
typedef struct tnf_mac16_channel {
    int32_t bias; /**< what a sum begins with */
    int32_t multiplier;
    int32_t constant;
    int32_t shift;
} tnf_mac16_channel_t;

/** One output channel of some pixels. */
typedef struct tnf_mac16_run {
    const tnf_int16_t *values;  /**< at a word's address */
    const tnf_int16_t *weights; /**< [segments, quads, 4], at a word's address */
    int8_t *output;
    const TNF_FLASH tnf_mac16_channel_t *channel;
    int32_t pixels;      /**< of a row, or in all */
    int32_t output_step; /**< from one output to the next */
    int32_t quads;       /**< values that are summed up, or those of a segment, over 4 */
    int32_t low;         /**< the clamp, of the exact way only */
    int32_t high;
    int32_t rows;         /**< the rest is of windows: how many rows of pixels */
    int32_t segments;     /**< runs of values in a window, 1 to 7 */
    int32_t segment_step; /**< bytes from the end of a run to the beginning of the next */
    int32_t pixel_step;   /**< bytes from the end of the last one to the next pixel's first */
    int32_t row_step;     /**< bytes from a row's first window to the next row's */
} tnf_mac16_run_t;

/** A channel of a depthwise convolution with filters of 3 x 3. */
typedef struct tnf_mac16_filter {
    tnf_mac16_channel_t channel;
    tnf_int16_t taps[10]; /**< three of each line; the last one means nothing */
} tnf_mac16_filter_t;

/** One channel of a depthwise convolution with filters of 3 x 3: lines of pixels, rows or columns.
 *  The values are words for two channels each; a line's words follow one another. */
typedef struct tnf_mac16_lines {
    const tnf_int16_t *values; /**< of the first window, at a word's address */
    int8_t *output;
    const TNF_FLASH tnf_mac16_filter_t *filter;
    int32_t half;   /**< which of a word's values is the channel's, 0 or 1 */
    int32_t pixels; /**< of a line */
    int32_t lines;
    int32_t line_step;   /**< bytes from a line of values to the next */
    int32_t next_line;   /**< bytes from a line's first window to the next line's */
    int32_t step;        /**< 4 * stride - 12: bytes from behind a window to before the next */
    int32_t output_step; /**< bytes from a pixel to the next one of its line */
    int32_t output_line; /**< bytes from a line's first pixel to the next line's */
    int32_t low;         /**< the clamp, of the exact way only */
    int32_t high;
} tnf_mac16_lines_t;

/** Units of a fully connected layer. Weights stay bytes: a half of a word is 256 * w1 + e0, with
 *  e0 = w0 + 128, and with y1 = x1 + 128
 *
 *      y1 * (256 * w1 + e0) + (256 * x0 + 255 - y1) * e0 = 256 * (y1 * w1 + x0 * e0) + 255 * e0,
 *
 *  so that two products, one with all of the half and one with its lower byte, are two of 256 times
 *  what is wanted. What is too much is known but for 128 * x0: that is in `bias`, the rest in the
 *  biases of the units. All units are short, or all are exact. */
typedef struct tnf_mac16_units {
    const tnf_int16_t *values;        /**< [quads + 1, 4], the last as the first */
    const TNF_FLASH int32_t *weights; /**< [units, quads], and a word more that is only read */
    int8_t *output;
    const TNF_FLASH tnf_mac16_channel_t *channel; /**< one for each unit */
    int32_t units;
    int32_t quads;
    int32_t bias; /**< added to every unit's: -32768 times the sum of x0 and x2 of all quads */
    int32_t low;  /**< the clamp, of the exact way only */
    int32_t high;
} tnf_mac16_units_t;

/** constant + first * x + second * y, shifted right, as int8. */
typedef struct tnf_mac16_linear {
    int32_t first;
    int32_t second;
    int32_t constant;
    int32_t shift;
} tnf_mac16_linear_t;

/** Values as x + 128, crossed.
 *  @param input   at a word's address
 *  @param output  [4 * quads], at a word's address
 *  @param quads   at least 1 */
void tnf_mac16_expand(const int8_t *input, tnf_int16_t *output, int32_t quads);

/** Values of some pixels as x + 128, straight.
 *  @param input        the first pixel's first value
 *  @param output       where it goes
 *  @param values       of a pixel, 1 to 16
 *  @param pixels       at least 1
 *  @param input_step   bytes from one pixel to the next
 *  @param output_step  bytes from one pixel to the next */
void tnf_mac16_gather(const int8_t *input, tnf_int16_t *output, int32_t values, int32_t pixels,
                      int32_t input_step, int32_t output_step);

/** Values of four channels of some pixels as x + 128, into two planes.
 *  @param input        the first pixel's first value, at a word's address
 *  @param output       where its values of the first and third channel go, as a word
 *  @param pixels       at least 1
 *  @param input_step   bytes from one pixel to the next, whole words
 *  @param output_step  bytes from one pixel to the next
 *  @param plane        bytes from there to where those of the second and fourth channel go */
void tnf_mac16_columns(const int8_t *input, tnf_int16_t *output, int32_t pixels, int32_t input_step,
                       int32_t output_step, int32_t plane);

/** Values of two channels of some pixels as x + 128, into one plane.
 *  @param input        the first pixel's value of the first channel
 *  @param output       where its values go, as a word
 *  @param pixels       at least 1
 *  @param input_step   bytes from one pixel to the next
 *  @param output_step  bytes from one pixel to the next
 *  @param second       bytes from a pixel's value of the first channel to that of the second */
void tnf_mac16_pairs(const int8_t *input, tnf_int16_t *output, int32_t pixels, int32_t input_step,
                     int32_t output_step, int32_t second);

/** Weights from bytes to int16.
 *  @param packed  [quads] words; each byte is a weight + 127, and of the upper two one more where
 *                 the weight two bytes below it is negative
 *  @param output  [4 * quads], crossed; at a word's address
 *  @param quads   at least 1 */
void tnf_mac16_unpack(const TNF_FLASH int32_t *packed, tnf_int16_t *output, int32_t quads);

/** Pixels that lie one behind the other: sums of 4 * quads products. Reads up to two words behind
 *  the last value, and makes nothing of them. */
void tnf_mac16_pixels(const tnf_mac16_run_t *run);

/** Pixels whose values are some runs of 4 * quads: windows over rows. Reads as far as
 *  tnf_mac16_pixels does behind where the pixel after the last would begin. */
void tnf_mac16_windows(const tnf_mac16_run_t *run);

/** Lines of a depthwise convolution. Reads up to three words behind a line's last window, and makes
 *  nothing of them. */
void tnf_mac16_lines(const tnf_mac16_lines_t *lines);

/** The values x0 to x3 of every four as (y1, y3), (256 * x0 + 255 - y1, 256 * x2 + 255 - y3), where
 *  y is x + 128.
 *  @param input   at a word's address
 *  @param output  [4 * quads], at a word's address
 *  @param quads   1 to 256
 *  @return        the sum of all y0 and y2 */
int32_t tnf_mac16_prepare(const int8_t *input, tnf_int16_t *output, int32_t quads);

/** Units of a fully connected layer. */
void tnf_mac16_units(const tnf_mac16_units_t *units);

/** Sums of two tensors.
 *  @param form    the constants
 *  @param input1  [4 * words], at a word's address
 *  @param input2  [4 * words], at a word's address
 *  @param output  [4 * words]; may be an input, or begin before one
 *  @param words   at least 1 */
void tnf_mac16_linear(const tnf_mac16_linear_t *form, const int8_t *input1, const int8_t *input2,
                      int8_t *output, int32_t words);

#ifdef __cplusplus
}
#endif

#endif

#endif
