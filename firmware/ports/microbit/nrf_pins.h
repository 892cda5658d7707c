/** @file
 * BBC micro:bit v1: the UART's pins go to the interface chip, which is a serial port on USB.
 */
#ifndef NRF_PINS_H
#define NRF_PINS_H

#define NRF_TX_PIN NRF_PIN(0u, 24u)
#define NRF_RX_PIN NRF_PIN(0u, 25u)

#endif
