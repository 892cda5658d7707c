/** @file
 * What all STM32 have alike, and what the layer of a chip's family provides.
 */
#ifndef STM32_H
#define STM32_H

#include <stdbool.h>
#include <stdint.h>

/** Clocks that run. */
typedef struct stm32_clocks {
    uint32_t core_hz;
    uint32_t uart_hz;  /**< what the console's baud rate is divided from */
    uint32_t timer_hz; /**< of TIM2 and TIM5 */
} stm32_clocks_t;

/** The internal oscillator: to 1 % at room temperature, no crystal needed. */
#define STM32_HSI_HZ 16000000u

/** Brings up the clock of stm32_board.h from the internal oscillator, whatever ran before, with the
 *  flash's wait states and caches. Where a step does not become ready, the internal oscillator
 *  itself is left as clock.
 *  @return the clocks that run */
stm32_clocks_t stm32_clock_start(void);

/** Starts the console of stm32_board.h: pins, UART with 8N1, its receive interrupt.
 *  @param hz  the UART's clock */
void stm32_uart_start(uint32_t hz, uint32_t baud);

/** Takes what the UART has received, if anything; clears its errors. */
bool stm32_uart_take(uint8_t *byte);

/** Hands @p byte to the UART where that takes it. @return whether it did */
bool stm32_uart_put(uint8_t byte);

/** Returns when the last bit is on the line. */
void stm32_uart_drain(void);

/** Gives TIM2 and TIM5, which have 32 bits, their clock. */
void stm32_timers_enable(void);

/** Why the chip was reset: the top byte of RCC_CSR, whose flags are cleared. */
uint32_t stm32_reset_reason(void);

/** Maps the ROM with its loader to address 0, where its vectors are looked for. */
void stm32_map_loader(void);

#define GPIO_MODE 0x00u      /**< two bits a pin */
#define GPIO_PULL 0x0Cu      /**< two bits a pin */
#define GPIO_ALTERNATE 0x20u /**< four bits a pin, in two words */

/** Gives @p pin of the port at address @p gpio to the peripheral @p alternate (0 to 15), with a
 *  pull-up. The port's clock runs. */
void stm32_pin_alternate(uint32_t gpio, uint32_t pin, uint32_t alternate);

#define TIM2 0x40000000u
#define TIM5 0x40000C00u
#define TIM_CR1 0x00u
#define TIM_EGR 0x14u
#define TIM_CNT 0x24u
#define TIM_PSC 0x28u
#define TIM_ARR 0x2Cu
#define TIM_CR1_ENABLE 0x1u
#define TIM_EGR_UPDATE 0x1u /**< loads the prescaler */

#define IWDG_KR 0x40003000u
#define IWDG_PR 0x40003004u
#define IWDG_RLR 0x40003008u
#define IWDG_START 0xCCCCu
#define IWDG_UNLOCK 0x5555u
#define IWDG_FEED 0xAAAAu
#define IWDG_DIVIDE_BY_256 6u
#define IWDG_LONGEST 0xFFFu

#define DBGMCU_APB1_FREEZE 0xE0042008u
#define DBGMCU_FREEZE_IWDG 0x1000u

/** What tells start-up to go to the ROM's loader: two words at the bottom of the stack, which a
 *  reset leaves as they are. */
#define STM32_LOADER_WISH_0 0x7411F10Fu
#define STM32_LOADER_WISH_1 0xB0073A11u

#endif
