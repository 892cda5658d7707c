/* digits: its constants, 5778 bytes. Do not edit; digits.h says how to renew it. */
#ifndef TNF_MODEL_DIGITS_WEIGHTS_H
#define TNF_MODEL_DIGITS_WEIGHTS_H

#include <stdint.h>

#include "tnf_flash.h"

extern const TNF_FLASH int8_t digits_0_weights[144];
extern const TNF_FLASH int32_t digits_0_bias[16];
extern const TNF_FLASH int32_t digits_0_multiplier[16];
extern const TNF_FLASH int8_t digits_0_shift[16];
extern const TNF_FLASH int8_t digits_1_weights[144];
extern const TNF_FLASH int32_t digits_1_bias[16];
extern const TNF_FLASH int32_t digits_1_multiplier[16];
extern const TNF_FLASH int8_t digits_1_shift[16];
extern const TNF_FLASH int8_t digits_2_weights[384];
extern const TNF_FLASH int32_t digits_2_bias[24];
extern const TNF_FLASH int32_t digits_2_multiplier[24];
extern const TNF_FLASH int8_t digits_2_shift[24];
extern const TNF_FLASH int8_t digits_3_weights[216];
extern const TNF_FLASH int32_t digits_3_bias[24];
extern const TNF_FLASH int32_t digits_3_multiplier[24];
extern const TNF_FLASH int8_t digits_3_shift[24];
extern const TNF_FLASH int8_t digits_4_weights[768];
extern const TNF_FLASH int32_t digits_4_bias[32];
extern const TNF_FLASH int32_t digits_4_multiplier[32];
extern const TNF_FLASH int8_t digits_4_shift[32];
extern const TNF_FLASH int8_t digits_5_weights[288];
extern const TNF_FLASH int32_t digits_5_bias[32];
extern const TNF_FLASH int32_t digits_5_multiplier[32];
extern const TNF_FLASH int8_t digits_5_shift[32];
extern const TNF_FLASH int8_t digits_6_weights[1536];
extern const TNF_FLASH int32_t digits_6_bias[48];
extern const TNF_FLASH int32_t digits_6_multiplier[48];
extern const TNF_FLASH int8_t digits_6_shift[48];
extern const TNF_FLASH int8_t digits_8_weights[480];
extern const TNF_FLASH int32_t digits_8_bias[10];
extern const TNF_FLASH int32_t digits_8_multiplier[10];
extern const TNF_FLASH int8_t digits_8_shift[10];

#endif
