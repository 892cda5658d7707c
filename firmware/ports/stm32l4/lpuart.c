/* The console of an STM32L4+: LPUART 1 on port G, with the internal oscillator as its clock. */
#include "register.h"
#include "stm32.h"
#include "stm32_board.h"
#include "stm32l4.h"

void stm32_uart_start(uint32_t hz, uint32_t baud)
{
    /* Port G has a supply of its own, whose pins stay cut off until it is said to be there. */
    reg_change(PWR_CR2, PWR_CR2_IO2_VALID, PWR_CR2_IO2_VALID);
    reg_change(RCC_AHB2ENR, RCC_AHB2ENR_GPIOG, RCC_AHB2ENR_GPIOG);
    reg_change(RCC_CCIPR, RCC_CCIPR_LPUART1, RCC_CCIPR_LPUART1_HSI);
    reg_change(RCC_APB1ENR2, RCC_APB1ENR2_LPUART1, RCC_APB1ENR2_LPUART1);
    (void)reg_read(RCC_APB1ENR2); /* a peripheral's clock takes two cycles to arrive */
    reg_write(LPUART1 + USART_CR1, 0);
    /* 256 * hz / baud, rounded; 256 * 16 MHz still fits 32 bits. */
    reg_write(LPUART1 + USART_BRR, (hz * 256u + baud / 2u) / baud);
    stm32_pin_alternate(GPIOG, STM32_UART_TX, STM32_UART_ALTERNATE);
    stm32_pin_alternate(GPIOG, STM32_UART_RX, STM32_UART_ALTERNATE);
    reg_write(LPUART1 + USART_CR1, USART_CR1_RX_TX);
}

bool stm32_uart_take(uint8_t *byte)
{
    uint32_t state = reg_read(LPUART1 + USART_ISR);
    reg_write(LPUART1 + USART_ICR, state & USART_ISR_ERRORS);
    if ((state & USART_ISR_RECEIVED) == 0) {
        return false;
    }
    *byte = (uint8_t)reg_read(LPUART1 + USART_RDR);
    return true;
}

bool stm32_uart_put(uint8_t byte)
{
    if ((reg_read(LPUART1 + USART_ISR) & USART_ISR_EMPTY) == 0) {
        return false;
    }
    reg_write(LPUART1 + USART_TDR, byte);
    return true;
}

void stm32_uart_drain(void)
{
    (void)reg_becomes(LPUART1 + USART_ISR, USART_ISR_SENT, USART_ISR_SENT);
}
