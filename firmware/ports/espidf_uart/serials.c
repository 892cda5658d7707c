/* Chips without a USB of their own: the ESP32. */
#include "espidf.h"

const tnf_serial_t *const tnf_serials[] = {&tnf_serial_uart, NULL};

tnf_status_t tnf_espidf_bootloader(void)
{
    return TNF_UNSUPPORTED; /* the strapping pins decide, through the serial chip's lines */
}
