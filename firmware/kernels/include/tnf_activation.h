/** @file
 * Functions of single values: change of scale, activations. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_ACTIVATION_H
#define TNF_ACTIVATION_H

#include "tnf_kernels.h"

#define tnf_rescale_s8 TNF_LINK_NAME(tnf_rescale_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

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
