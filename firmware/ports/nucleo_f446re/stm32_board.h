/** @file
 * Nucleo-F446RE: 180 MHz, console on PA2 and PA3, which the ST-Link on the board makes a USB port.
 */
#ifndef STM32_BOARD_H
#define STM32_BOARD_H

#include "stm32f4.h"

#define STM32_FLASH 0x08000000u
#define STM32_FLASH_LOG2 19u
#define STM32_LOADER 0x1FFF0000u

/* 16 MHz / 8 * 180 / 2 = 180 MHz. */
#define STM32_PLL_M 8u
#define STM32_PLL_N 180u
#define STM32_PLL_P 2u
#define STM32_PLL_Q 8u
#define STM32_VOS PWR_CR_VOS_F446
#define STM32_OVERDRIVE 1 /**< over 168 MHz */

#define STM32_UART USART2
#define STM32_UART_IRQ 38u
#define STM32_UART_ENR RCC_APB1ENR
#define STM32_UART_ENR_BIT RCC_APB1ENR_USART2
#define STM32_UART_DIVIDE 4u /**< APB1 */
#define STM32_UART_TX 2u
#define STM32_UART_RX 3u
#define STM32_UART_ALTERNATE 7u

#endif
