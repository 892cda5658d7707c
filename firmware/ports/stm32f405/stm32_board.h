/** @file
 * A board with an STM32F405 or F407: 168 MHz, console on PA9 and PA10, where the ROM's loader is
 * too.
 */
#ifndef STM32_BOARD_H
#define STM32_BOARD_H

#include "stm32f4.h"

#define STM32_FLASH 0x08000000u
#define STM32_FLASH_LOG2 20u
#define STM32_LOADER 0x1FFF0000u

/* 16 MHz / 8 * 168 / 2 = 168 MHz; Q gives 48 MHz. */
#define STM32_PLL_M 8u
#define STM32_PLL_N 168u
#define STM32_PLL_P 2u
#define STM32_PLL_Q 7u
#define STM32_VOS PWR_CR_VOS_F405
#define STM32_OVERDRIVE 0

#define STM32_UART USART1
#define STM32_UART_IRQ 37u
#define STM32_UART_ENR RCC_APB2ENR
#define STM32_UART_ENR_BIT RCC_APB2ENR_USART1
#define STM32_UART_DIVIDE 2u /**< APB2 */
#define STM32_UART_TX 9u
#define STM32_UART_RX 10u
#define STM32_UART_ALTERNATE 7u

#endif
