/* Clocks of the STM32F4: the internal oscillator, multiplied. The order of the steps is that of the
 * reference manuals (RM0090 and RM0390: PWR 5.1, RCC 6.2, flash 3.5). */
#include "register.h"
#include "stm32.h"
#include "stm32_board.h"
#include "stm32f4.h"

#define PLL                                                                                        \
    (RCC_PLLCFGR_M(STM32_PLL_M) | RCC_PLLCFGR_N(STM32_PLL_N) | RCC_PLLCFGR_P(STM32_PLL_P) |        \
     RCC_PLLCFGR_Q(STM32_PLL_Q) | RCC_PLLCFGR_R_2)
#define PLL_HZ (STM32_HSI_HZ / STM32_PLL_M * STM32_PLL_N / STM32_PLL_P)
/* 5 wait states do for the F4's highest clocks from 2.7 V on. */
#define WAIT_STATES 5u

/* The ROM's loader and debuggers leave other clocks behind. The PLL is changed only when off. */
static bool back_to_hsi(void)
{
    reg_change(RCC_CR, RCC_CR_HSI_ON, RCC_CR_HSI_ON);
    if (!reg_becomes(RCC_CR, RCC_CR_HSI_READY, RCC_CR_HSI_READY)) {
        return false;
    }
    reg_change(RCC_CFGR, RCC_CFGR_SWITCH, 0);
    if (!reg_becomes(RCC_CFGR, RCC_CFGR_SWITCHED, 0)) {
        return false;
    }
    reg_change(RCC_CFGR, RCC_CFGR_DIVIDERS, 0);
    if (STM32_OVERDRIVE) {
        reg_change(PWR_CR, PWR_CR_OVERDRIVE | PWR_CR_OVERDRIVE_SWITCH, 0);
    }
    reg_change(RCC_CR, RCC_CR_PLL_ON, 0);
    return reg_becomes(RCC_CR, RCC_CR_PLL_READY, 0);
}

static bool overdrive(void)
{
    if (!STM32_OVERDRIVE) {
        return true;
    }
    reg_change(PWR_CR, PWR_CR_OVERDRIVE, PWR_CR_OVERDRIVE);
    if (!reg_becomes(PWR_CSR, PWR_CSR_OVERDRIVE_READY, PWR_CSR_OVERDRIVE_READY)) {
        return false;
    }
    reg_change(PWR_CR, PWR_CR_OVERDRIVE_SWITCH, PWR_CR_OVERDRIVE_SWITCH);
    return reg_becomes(PWR_CSR, PWR_CSR_OVERDRIVE_SWITCHED, PWR_CSR_OVERDRIVE_SWITCHED);
}

/* The caches may hold what was in flash before it was written anew; off, they can be flushed. */
static bool flash_at_full_speed(void)
{
    reg_write(FLASH_ACR, WAIT_STATES);
    if (!reg_becomes(FLASH_ACR, FLASH_ACR_LATENCY, WAIT_STATES)) {
        return false;
    }
    reg_write(FLASH_ACR, WAIT_STATES | FLASH_ACR_FLUSH);
    reg_write(FLASH_ACR, WAIT_STATES);
    reg_write(FLASH_ACR, WAIT_STATES | FLASH_ACR_CACHES);
    return true;
}

static bool pll(void)
{
    reg_change(PWR_CR, STM32_VOS, STM32_VOS);
    reg_write(RCC_PLLCFGR, PLL);
    reg_change(RCC_CR, RCC_CR_PLL_ON, RCC_CR_PLL_ON);
    if (!reg_becomes(RCC_CR, RCC_CR_PLL_READY, RCC_CR_PLL_READY) ||
        !reg_becomes(PWR_CSR, PWR_CSR_VOS_READY, PWR_CSR_VOS_READY) || !overdrive() ||
        !flash_at_full_speed()) {
        return false;
    }
    reg_change(RCC_CFGR, RCC_CFGR_DIVIDERS, RCC_CFGR_APB1_BY_4 | RCC_CFGR_APB2_BY_2);
    reg_change(RCC_CFGR, RCC_CFGR_SWITCH, RCC_CFGR_SWITCH_PLL);
    return reg_becomes(RCC_CFGR, RCC_CFGR_SWITCHED, RCC_CFGR_SWITCHED_PLL);
}

stm32_clocks_t stm32_clock_start(void)
{
    reg_change(RCC_APB1ENR, RCC_APB1ENR_PWR, RCC_APB1ENR_PWR);
    (void)reg_read(RCC_APB1ENR); /* a peripheral's clock takes two cycles to arrive */
    if (back_to_hsi()) {
        if (pll()) {
            return (stm32_clocks_t){
                .core_hz = PLL_HZ,
                .uart_hz = PLL_HZ / STM32_UART_DIVIDE,
                .timer_hz = PLL_HZ / 2u, /* of a divided APB, timers get twice the clock */
            };
        }
        (void)back_to_hsi();
    }
    return (stm32_clocks_t){STM32_HSI_HZ, STM32_HSI_HZ, STM32_HSI_HZ};
}

void stm32_timers_enable(void)
{
    reg_change(RCC_APB1ENR, RCC_APB1ENR_TIM2 | RCC_APB1ENR_TIM5,
               RCC_APB1ENR_TIM2 | RCC_APB1ENR_TIM5);
    (void)reg_read(RCC_APB1ENR);
}

uint32_t stm32_reset_reason(void)
{
    uint32_t reason = (reg_read(RCC_CSR) & ~RCC_CSR_CLEAR) >> 24;
    reg_change(RCC_CSR, RCC_CSR_CLEAR, RCC_CSR_CLEAR);
    return reason;
}

void stm32_map_loader(void)
{
    reg_change(RCC_APB2ENR, RCC_APB2ENR_SYSCFG, RCC_APB2ENR_SYSCFG);
    (void)reg_read(RCC_APB2ENR);
    reg_write(SYSCFG_MEMRMP, SYSCFG_MEMRMP_ROM);
}
