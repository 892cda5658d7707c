/* The console of an STM32F4: the USART of stm32_board.h. */
#include "register.h"
#include "stm32.h"
#include "stm32_board.h"
#include "stm32f4.h"

void stm32_uart_start(uint32_t hz, uint32_t baud)
{
    reg_change(RCC_AHB1ENR, RCC_AHB1ENR_GPIOA, RCC_AHB1ENR_GPIOA);
    reg_change(STM32_UART_ENR, STM32_UART_ENR_BIT, STM32_UART_ENR_BIT);
    (void)reg_read(STM32_UART_ENR); /* a peripheral's clock takes two cycles to arrive */
    reg_write(STM32_UART + USART_CR1, 0);
    reg_write(STM32_UART + USART_BRR, (hz + baud / 2u) / baud);
    stm32_pin_alternate(GPIOA, STM32_UART_TX, STM32_UART_ALTERNATE);
    stm32_pin_alternate(GPIOA, STM32_UART_RX, STM32_UART_ALTERNATE);
    reg_write(STM32_UART + USART_CR1, USART_CR1_RX_TX);
}

bool stm32_uart_take(uint8_t *byte)
{
    uint32_t state = reg_read(STM32_UART + USART_SR);
    if ((state & (USART_SR_RECEIVED | USART_SR_ERRORS)) == 0) {
        return false;
    }
    *byte = (uint8_t)reg_read(STM32_UART + USART_DR);
    return (state & USART_SR_RECEIVED) != 0;
}

bool stm32_uart_put(uint8_t byte)
{
    if ((reg_read(STM32_UART + USART_SR) & USART_SR_EMPTY) == 0) {
        return false;
    }
    reg_write(STM32_UART + USART_DR, byte);
    return true;
}

void stm32_uart_drain(void)
{
    (void)reg_becomes(STM32_UART + USART_SR, USART_SR_SENT, USART_SR_SENT);
}
