/* What is particular to the nRF51: no cycle counter and no SysTick, so timer 0 counts. It runs at
 * 16 MHz, the processor's own clock, and so counts cycles.
 *
 * Under QEMU with `-icount shift=8` an instruction takes 256 ns, which is 4.096 ticks. */
#include "cortex_m.h"
#include "nrf.h"
#include "tnf_port.h"

/* Capture register 0 is the uptime's. */
#define CAPTURE 1

void tnf_board_early(void)
{
}

/* The core has no memory protection unit, and needs none: nothing answers below RAM. */
void tnf_stack_guard(void)
{
}

void nrf_counter_start(void)
{
}

uint32_t tnf_port_counter(void)
{
    NRF_TIMER0->capture[CAPTURE] = 1;
    return NRF_TIMER0->compare[CAPTURE];
}
