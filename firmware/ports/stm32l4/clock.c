/* Clocks of the STM32L4+: the internal oscillator, multiplied to 120 MHz. The order of the steps is
 * that of the reference manual (RM0432: PWR 5.1.8, RCC 6.2, flash 3.3.3). */
#include "register.h"
#include "stm32.h"
#include "stm32_board.h"
#include "stm32l4.h"

/* 16 MHz / 4 * 60 / 2. */
#define PLL (RCC_PLLCFGR_HSI | RCC_PLLCFGR_M(4u) | RCC_PLLCFGR_N(60u) | RCC_PLLCFGR_R_BY_2)
#define PLL_HZ 120000000u
/* For up to 120 MHz with the regulator boosted. */
#define WAIT_STATES 5u
/* At 60 MHz for longer than 1 us. */
#define SETTLE_LOOKS 100

/* A reset starts the chip from another oscillator (MSI); the ROM's loader and debuggers leave other
 * clocks behind. The PLL is changed only when off. */
static bool start_hsi(void)
{
    reg_change(RCC_CR, RCC_CR_HSI_ON, RCC_CR_HSI_ON);
    if (!reg_becomes(RCC_CR, RCC_CR_HSI_READY, RCC_CR_HSI_READY)) {
        return false;
    }
    reg_change(RCC_CFGR, RCC_CFGR_SWITCH, RCC_CFGR_SWITCH_HSI);
    if (!reg_becomes(RCC_CFGR, RCC_CFGR_SWITCHED, RCC_CFGR_SWITCHED_HSI)) {
        return false;
    }
    reg_change(RCC_CFGR, RCC_CFGR_DIVIDERS, 0);
    reg_change(RCC_CR, RCC_CR_PLL_ON, 0);
    return reg_becomes(RCC_CR, RCC_CR_PLL_READY, 0);
}

/* Full voltage, and the boost that clocks over 80 MHz need. */
static bool boost(void)
{
    reg_change(PWR_CR1, PWR_CR1_RANGE, PWR_CR1_RANGE_1);
    if (!reg_becomes(PWR_SR2, PWR_SR2_RANGE_CHANGING, 0)) {
        return false;
    }
    reg_change(PWR_CR5, PWR_CR5_NO_BOOST, 0);
    return true;
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
    if (!boost()) {
        return false;
    }
    reg_write(RCC_PLLCFGR, PLL);
    reg_change(RCC_CR, RCC_CR_PLL_ON, RCC_CR_PLL_ON);
    if (!reg_becomes(RCC_CR, RCC_CR_PLL_READY, RCC_CR_PLL_READY) || !flash_at_full_speed()) {
        return false;
    }
    /* Over 80 MHz is reached in two steps, a microsecond at half of it. */
    reg_change(RCC_CFGR, RCC_CFGR_DIVIDERS, RCC_CFGR_AHB_BY_2);
    reg_change(RCC_CFGR, RCC_CFGR_SWITCH, RCC_CFGR_SWITCH_PLL);
    if (!reg_becomes(RCC_CFGR, RCC_CFGR_SWITCHED, RCC_CFGR_SWITCHED_PLL)) {
        return false;
    }
    for (int looks = 0; looks < SETTLE_LOOKS; looks++) {
        (void)reg_read(RCC_CFGR);
    }
    reg_change(RCC_CFGR, RCC_CFGR_DIVIDERS, 0);
    return true;
}

stm32_clocks_t stm32_clock_start(void)
{
    reg_change(RCC_APB1ENR1, RCC_APB1ENR1_PWR, RCC_APB1ENR1_PWR);
    (void)reg_read(RCC_APB1ENR1); /* a peripheral's clock takes two cycles to arrive */
    bool fast = start_hsi() && pll();
    if (!fast) {
        (void)start_hsi();
    }
    uint32_t hz = fast ? PLL_HZ : STM32_HSI_HZ;
    return (stm32_clocks_t){.core_hz = hz, .uart_hz = STM32_HSI_HZ, .timer_hz = hz};
}

void stm32_timers_enable(void)
{
    reg_change(RCC_APB1ENR1, RCC_APB1ENR1_TIM2 | RCC_APB1ENR1_TIM5,
               RCC_APB1ENR1_TIM2 | RCC_APB1ENR1_TIM5);
    (void)reg_read(RCC_APB1ENR1);
}

uint32_t stm32_reset_reason(void)
{
    uint32_t reason = reg_read(RCC_CSR) >> 24;
    reg_change(RCC_CSR, RCC_CSR_CLEAR, RCC_CSR_CLEAR);
    reg_change(RCC_CSR, RCC_CSR_CLEAR, 0);
    return reason;
}

void stm32_map_loader(void)
{
    reg_change(RCC_APB2ENR, RCC_APB2ENR_SYSCFG, RCC_APB2ENR_SYSCFG);
    (void)reg_read(RCC_APB2ENR);
    reg_write(SYSCFG_MEMRMP, SYSCFG_MEMRMP_ROM);
}
