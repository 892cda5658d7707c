/* The handler of UART 0's interrupt. */
#include "espressif.h"

void tnf_uart_interrupt(void);

__attribute__((interrupt("machine"))) void tnf_uart_interrupt(void)
{
    espressif_console_interrupt();
}
