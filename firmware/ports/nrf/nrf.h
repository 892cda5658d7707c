/** @file
 * Registers that the nRF51 and the nRF52 have alike, and what each chip's layer provides.
 *
 * A task starts with a 1 written to it; an event reads as 1 until a 0 is written to it.
 */
#ifndef NRF_H
#define NRF_H

#include <stdint.h>

/** Clock control and reset reason, in one block. */
typedef struct nrf_clock_power {
    volatile uint32_t hfclk_start; /**< task: the crystal oscillator */
    volatile uint32_t unused_1[63];
    volatile uint32_t hfclk_started; /**< event */
    volatile uint32_t unused_2[191];
    volatile uint32_t reset_reason; /**< write 1 to clear */
    volatile uint32_t unused_3[2];
    volatile uint32_t hfclk_status;
} nrf_clock_power_t;

#define NRF_HFCLK_CRYSTAL 0x10001u /**< in `hfclk_status`: running, from the crystal */

/** UART: 6 bytes deep for what it receives, one byte for what it sends. */
typedef struct nrf_uart {
    volatile uint32_t start_rx; /**< tasks */
    volatile uint32_t stop_rx;
    volatile uint32_t start_tx;
    volatile uint32_t unused_1[63];
    volatile uint32_t rx_ready; /**< event */
    volatile uint32_t unused_2[4];
    volatile uint32_t tx_ready; /**< event */
    volatile uint32_t unused_3[121];
    volatile uint32_t interrupt_set;
    volatile uint32_t interrupt_clear;
    volatile uint32_t unused_4[93];
    volatile uint32_t error_source; /**< write 1 to clear */
    volatile uint32_t unused_5[31];
    volatile uint32_t enable;
    volatile uint32_t unused_6[2];
    volatile uint32_t tx_pin;
    volatile uint32_t unused_7;
    volatile uint32_t rx_pin;
    volatile uint32_t rx_data;
    volatile uint32_t tx_data;
    volatile uint32_t unused_8;
    volatile uint32_t baud_rate;
    volatile uint32_t unused_9[17];
    volatile uint32_t config; /**< flow control, parity; 0: 8N1 with neither */
} nrf_uart_t;

#define NRF_UART_ENABLE 4u
#define NRF_UART_RX_READY 0x4u /**< in `interrupt_set` and `interrupt_clear` */
#define NRF_UART_ERRORS 0xFu   /**< all of them, in `error_source` */
#define NRF_UART_115200 0x01D7E000u

/** A timer of up to 32 bits at 16 MHz / 2^prescaler. */
typedef struct nrf_timer {
    volatile uint32_t start; /**< tasks */
    volatile uint32_t stop;
    volatile uint32_t unused_1;
    volatile uint32_t clear;
    volatile uint32_t unused_2[12];
    volatile uint32_t capture[4];
    volatile uint32_t unused_3[60];
    volatile uint32_t compared[4]; /**< events */
    volatile uint32_t unused_4[44];
    volatile uint32_t shortcuts;
    volatile uint32_t unused_5[64];
    volatile uint32_t interrupt_set;
    volatile uint32_t interrupt_clear;
    volatile uint32_t unused_6[126];
    volatile uint32_t mode;
    volatile uint32_t bits;
    volatile uint32_t unused_7;
    volatile uint32_t prescaler;
    volatile uint32_t unused_8[11];
    volatile uint32_t compare[4]; /**< what is captured, and compared with */
} nrf_timer_t;

#define NRF_TIMER_16_BITS 0u /**< in `bits`: all that timer 1 of the nRF51 has */
#define NRF_TIMER_32_BITS 3u
#define NRF_TIMER_COMPARED_0 0x10000u /**< in `interrupt_set` */
#define NRF_TIMER_STOP_0 0x100u       /**< in `shortcuts`: stop when it has compared */
#define NRF_TIMER_HZ 16000000u

/** A GPIO port. */
typedef struct nrf_gpio {
    volatile uint32_t unused_1[321];
    volatile uint32_t out;
    volatile uint32_t out_set;
    volatile uint32_t out_clear;
    volatile uint32_t in;
    volatile uint32_t direction;
    volatile uint32_t direction_set;
    volatile uint32_t direction_clear;
    volatile uint32_t unused_2[120];
    volatile uint32_t pin[32];
} nrf_gpio_t;

#define NRF_GPIO_INPUT_PULLED_UP 0xCu /**< in `pin`: its buffer connected */

#define NRF_CLOCK_POWER ((nrf_clock_power_t *)0x40000000u)
#define NRF_UART0 ((nrf_uart_t *)0x40002000u)
#define NRF_TIMER0 ((nrf_timer_t *)0x40008000u)
#define NRF_TIMER1 ((nrf_timer_t *)0x40009000u)
#define NRF_GPIO(port) ((nrf_gpio_t *)(0x50000000u + (port) * 0x300u))

#define NRF_UART0_IRQ 2u
#define NRF_TIMER1_IRQ 9u
#define NRF_IRQ_WORDS 2u /**< of interrupts, 32 each */

/** A pin, as the UART takes it: its number and its port. */
#define NRF_PIN(port, number) ((port) << 5 | (number))

/** Starts what the chip counts with. Provided by the layer of the chip. */
void nrf_counter_start(void);

#endif
