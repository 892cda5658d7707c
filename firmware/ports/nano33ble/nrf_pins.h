/** @file
 * Arduino Nano 33 BLE: the UART is on the header, TX (D1) and RX (D0).
 */
#ifndef NRF_PINS_H
#define NRF_PINS_H

#define NRF_TX_PIN NRF_PIN(1u, 3u)
#define NRF_RX_PIN NRF_PIN(1u, 10u)

#endif
