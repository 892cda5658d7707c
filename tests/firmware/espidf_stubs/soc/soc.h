#pragma once
#include <stdint.h>

/* Registers are variables that a test looks into. */
extern volatile uint32_t stub_rtc_option1, stub_lp_aon_sys_cfg;
#define BIT(n) (UINT32_C(1) << (n))
#define REG_WRITE(reg, value) ((void)(*(reg) = (value)))
#define REG_SET_BIT(reg, bit) ((void)(*(reg) = *(reg) | (bit)))
