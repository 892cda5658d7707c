/** @file
 * Functions of single values. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_ACTIVATION_H
#define TNF_ACTIVATION_H

#include "tnf_kernels.h"

#define tnf_leaky_relu_s16 TNF_LINK_NAME(tnf_leaky_relu_s16, TNF_BACKEND)
#define tnf_logistic_s16 TNF_LINK_NAME(tnf_logistic_s16, TNF_BACKEND)
#define tnf_lookup_s16 TNF_LINK_NAME(tnf_lookup_s16, TNF_BACKEND)
#define tnf_lookup_s8 TNF_LINK_NAME(tnf_lookup_s8, TNF_BACKEND)
#define tnf_neg_f32 TNF_LINK_NAME(tnf_neg_f32, TNF_BACKEND)
#define tnf_sigmoid_s16 TNF_LINK_NAME(tnf_sigmoid_s16, TNF_BACKEND)
#define tnf_tanh_s16 TNF_LINK_NAME(tnf_tanh_s16, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Any function of an int8 value, as a table. */
typedef struct tnf_lookup_s8 {
    int32_t elements;
    const TNF_FLASH int8_t *table; /**< [256], the first is for -128 */
} tnf_lookup_s8_t;

/** In place.
 *  @param params  size and table
 *  @param input   [elements]
 *  @param output  [elements] */
void tnf_lookup_s8(const TNF_FLASH tnf_lookup_s8_t *params, const int8_t *input, int8_t *output);

/** Any function of an int16 value, as a table with straight lines between its points. */
typedef struct tnf_lookup_s16 {
    int32_t elements;
    const TNF_FLASH int16_t *table; /**< [513], for -32768 and every 128th value after it */
} tnf_lookup_s16_t;

/** In place.
 *  @param params  size and table
 *  @param input   [elements]
 *  @param output  [elements] */
void tnf_lookup_s16(const TNF_FLASH tnf_lookup_s16_t *params, const tnf_int16_t *input,
                    tnf_int16_t *output);

/** A factor for negative values and another for the others: LEAKY_RELU, and ABS with a negative
 *  multiplier for negative values. The output is clamped to int16. */
typedef struct tnf_leaky_relu {
    int32_t elements;
    int32_t negative_multiplier; /**< may be negative */
    int32_t negative_shift;
    int32_t multiplier;
    int32_t shift;
} tnf_leaky_relu_t;

/** In place.
 *  @param params  size and constants
 *  @param input   [elements]
 *  @param output  [elements] */
void tnf_leaky_relu_s16(const TNF_FLASH tnf_leaky_relu_t *params, const tnf_int16_t *input,
                        tnf_int16_t *output);

/** The other sign. */
typedef struct tnf_neg {
    int32_t elements;
} tnf_neg_t;

/** In place.
 *  @param params  size
 *  @param input   [elements]
 *  @param output  [elements] */
void tnf_neg_f32(const TNF_FLASH tnf_neg_t *params, const tnf_float_t *input, tnf_float_t *output);

/** The logistic function or the hyperbolic tangent. */
typedef struct tnf_sigmoid {
    int32_t elements;
    int32_t multiplier; /**< 1 to 32767: an input times it is under 2^30 */
    int32_t shift;      /**< 0 to 31; the input times multiplier / 2^shift is in units of 1/12288
                             for the logistic function, of 1/4096 for the tangent */
} tnf_sigmoid_t;

/** In place. The output's scale is 1/32768.
 *  @param params  size and constants
 *  @param input   [elements]
 *  @param output  [elements] */
void tnf_logistic_s16(const TNF_FLASH tnf_sigmoid_t *params, const tnf_int16_t *input,
                      tnf_int16_t *output);

/** In place. The output's scale is 1/32768.
 *  @param params  size and constants
 *  @param input   [elements]
 *  @param output  [elements] */
void tnf_tanh_s16(const TNF_FLASH tnf_sigmoid_t *params, const tnf_int16_t *input,
                  tnf_int16_t *output);

/** What the int16 functions are made of: the logistic function between the points of a table, in
 *  units of 1 / 2^(16 + bits).
 *  @param magnitude  x * 24 * 2^bits, for x >= 0
 *  @param bits       8 or 9
 *  @return           0 where x is 255/24 or more: outside the table */
uint32_t tnf_sigmoid_s16(uint32_t magnitude, uint32_t bits);

#ifdef __cplusplus
}
#endif

#endif
