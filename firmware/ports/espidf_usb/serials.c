/* Chips that have a USB of their own beside UART 0. */
#include "espidf.h"

const tnf_serial_t *const tnf_serials[] = {&tnf_serial_uart, &tnf_serial_usb, NULL};
