/** @file
 * nRF52840-DK: the UART's pins go to the debugger on the board, which is a serial port on USB.
 */
#ifndef NRF_PINS_H
#define NRF_PINS_H

#define NRF_TX_PIN NRF_PIN(0u, 6u)
#define NRF_RX_PIN NRF_PIN(0u, 8u)

#endif
