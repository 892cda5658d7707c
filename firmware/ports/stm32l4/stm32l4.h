/** @file
 * Registers of the STM32L4+ (RM0432) that its layer uses.
 */
#ifndef STM32L4_H
#define STM32L4_H

#define GPIOG 0x48001800u

#define RCC_CR 0x40021000u
#define RCC_CR_HSI_ON 0x00000100u
#define RCC_CR_HSI_READY 0x00000400u
#define RCC_CR_PLL_ON 0x01000000u
#define RCC_CR_PLL_READY 0x02000000u

#define RCC_CFGR 0x40021008u
#define RCC_CFGR_SWITCH 0x3u
#define RCC_CFGR_SWITCH_HSI 0x1u
#define RCC_CFGR_SWITCH_PLL 0x3u
#define RCC_CFGR_SWITCHED 0xCu
#define RCC_CFGR_SWITCHED_HSI 0x4u
#define RCC_CFGR_SWITCHED_PLL 0xCu
#define RCC_CFGR_DIVIDERS 0x3FF0u /**< of AHB, APB1, APB2 */
#define RCC_CFGR_AHB_BY_2 0x80u

#define RCC_PLLCFGR 0x4002100Cu
#define RCC_PLLCFGR_HSI 0x2u
#define RCC_PLLCFGR_M(divide) (((divide) - 1u) << 4)
#define RCC_PLLCFGR_N(multiply) ((multiply) << 8)
#define RCC_PLLCFGR_R_BY_2 0x01000000u /**< with the output switched on */

#define RCC_AHB2ENR 0x4002104Cu
#define RCC_AHB2ENR_GPIOG 0x40u
#define RCC_APB1ENR1 0x40021058u
#define RCC_APB1ENR1_TIM2 0x00000001u
#define RCC_APB1ENR1_TIM5 0x00000008u
#define RCC_APB1ENR1_PWR 0x10000000u
#define RCC_APB1ENR2 0x4002105Cu
#define RCC_APB1ENR2_LPUART1 0x1u
#define RCC_APB2ENR 0x40021060u
#define RCC_APB2ENR_SYSCFG 0x1u
#define RCC_CCIPR 0x40021088u
#define RCC_CCIPR_LPUART1 0xC00u
#define RCC_CCIPR_LPUART1_HSI 0x800u
#define RCC_CSR 0x40021094u
#define RCC_CSR_CLEAR 0x00800000u

#define FLASH_ACR 0x40022000u
#define FLASH_ACR_LATENCY 0xFu
#define FLASH_ACR_CACHES 0x0700u /**< prefetch, instructions, data */
#define FLASH_ACR_FLUSH 0x1800u  /**< instructions, data */

#define PWR_CR1 0x40007000u
#define PWR_CR1_RANGE 0x600u
#define PWR_CR1_RANGE_1 0x200u
#define PWR_CR2 0x40007004u
#define PWR_CR2_IO2_VALID 0x200u /**< VDDIO2, which port G hangs on, is there */
#define PWR_SR2 0x40007014u
#define PWR_SR2_RANGE_CHANGING 0x400u
#define PWR_CR5 0x40007080u
#define PWR_CR5_NO_BOOST 0x100u

#define LPUART1 0x40008000u
#define USART_CR1 0x00u
#define USART_CR1_RX_TX 0x2Du /**< on, both ways, interrupt when received */
#define USART_BRR 0x0Cu
#define USART_ISR 0x1Cu
#define USART_ISR_ERRORS 0x0Eu
#define USART_ISR_RECEIVED 0x20u
#define USART_ISR_SENT 0x40u
#define USART_ISR_EMPTY 0x80u
#define USART_ICR 0x20u
#define USART_RDR 0x24u
#define USART_TDR 0x28u

#define SYSCFG_MEMRMP 0x40010000u
#define SYSCFG_MEMRMP_ROM 0x1u

#endif
