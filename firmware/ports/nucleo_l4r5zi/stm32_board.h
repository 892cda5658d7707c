/** @file
 * Nucleo-L4R5ZI: console on PG7 and PG8, which the ST-Link on the board makes a USB port.
 */
#ifndef STM32_BOARD_H
#define STM32_BOARD_H

#define STM32_FLASH 0x08000000u
#define STM32_FLASH_LOG2 21u
#define STM32_LOADER 0x1FFF0000u

#define STM32_UART_IRQ 70u /**< LPUART 1 */
#define STM32_UART_TX 7u
#define STM32_UART_RX 8u
#define STM32_UART_ALTERNATE 8u

#endif
