/** @file
 * Registers of the STM32F4 (RM0090, RM0390) that its layer uses.
 */
#ifndef STM32F4_H
#define STM32F4_H

#define GPIOA 0x40020000u

#define RCC_CR 0x40023800u
#define RCC_CR_HSI_ON 0x00000001u
#define RCC_CR_HSI_READY 0x00000002u
#define RCC_CR_PLL_ON 0x01000000u
#define RCC_CR_PLL_READY 0x02000000u

#define RCC_PLLCFGR 0x40023804u
#define RCC_PLLCFGR_M(divide) (divide)
#define RCC_PLLCFGR_N(multiply) ((multiply) << 6)
#define RCC_PLLCFGR_P(divide) (((divide) / 2u - 1u) << 16)
#define RCC_PLLCFGR_Q(divide) ((divide) << 24)
#define RCC_PLLCFGR_R_2 0x20000000u /**< as after a reset, also where there is no such output */

#define RCC_CFGR 0x40023808u
#define RCC_CFGR_SWITCH 0x3u /**< 0 is the HSI */
#define RCC_CFGR_SWITCH_PLL 0x2u
#define RCC_CFGR_SWITCHED 0xCu
#define RCC_CFGR_SWITCHED_PLL 0x8u
#define RCC_CFGR_DIVIDERS 0xFCF0u /**< of AHB, APB1, APB2 */
#define RCC_CFGR_APB1_BY_4 0x1400u
#define RCC_CFGR_APB2_BY_2 0x8000u

#define RCC_AHB1ENR 0x40023830u
#define RCC_AHB1ENR_GPIOA 0x1u
#define RCC_APB1ENR 0x40023840u
#define RCC_APB1ENR_TIM2 0x00000001u
#define RCC_APB1ENR_TIM5 0x00000008u
#define RCC_APB1ENR_USART2 0x00020000u
#define RCC_APB1ENR_PWR 0x10000000u
#define RCC_APB2ENR 0x40023844u
#define RCC_APB2ENR_USART1 0x00000010u
#define RCC_APB2ENR_SYSCFG 0x00004000u
#define RCC_CSR 0x40023874u
#define RCC_CSR_CLEAR 0x01000000u

#define FLASH_ACR 0x40023C00u
#define FLASH_ACR_LATENCY 0xFu
#define FLASH_ACR_CACHES 0x0700u /**< prefetch, instructions, data */
#define FLASH_ACR_FLUSH 0x1800u  /**< instructions, data */

#define PWR_CR 0x40007000u
#define PWR_CR_VOS_F405 0x4000u /**< full voltage of the regulator */
#define PWR_CR_VOS_F446 0xC000u
#define PWR_CR_OVERDRIVE 0x10000u
#define PWR_CR_OVERDRIVE_SWITCH 0x20000u
#define PWR_CSR 0x40007004u
#define PWR_CSR_VOS_READY 0x4000u
#define PWR_CSR_OVERDRIVE_READY 0x10000u
#define PWR_CSR_OVERDRIVE_SWITCHED 0x20000u

#define USART1 0x40011000u
#define USART2 0x40004400u
#define USART_SR 0x00u
#define USART_SR_ERRORS 0x0Fu /**< reading SR, then DR clears them */
#define USART_SR_RECEIVED 0x20u
#define USART_SR_SENT 0x40u
#define USART_SR_EMPTY 0x80u
#define USART_DR 0x04u
#define USART_BRR 0x08u
#define USART_CR1 0x0Cu
#define USART_CR1_RX_TX 0x202Cu /**< on, both ways, interrupt when received */

#define SYSCFG_MEMRMP 0x40013800u
#define SYSCFG_MEMRMP_ROM 0x1u

#endif
