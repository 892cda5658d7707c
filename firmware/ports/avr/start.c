/* What comes before avr-libc's start-up has set up memory. */
#include <avr/io.h>

#include "avr.h"

/* Not among the variables that start-up clears. */
__attribute__((section(".noinit"))) uint8_t tnf_avr_reset_reason;

void tnf_avr_start(void);

/* Runs in line, with the zero register and the stack pointer set and nothing on the stack. A
 * watchdog that has reset the chip still runs, with its shortest time: it is switched off first.
 * WDR is left out, the emulator stops at it. */
__attribute__((naked, used, section(".init3"))) void tnf_avr_start(void)
{
    __asm__ volatile("in r24, %[mcusr]\n\t"
                     "sts tnf_avr_reset_reason, r24\n\t"
                     "out %[mcusr], __zero_reg__\n\t"
                     "ldi r24, %[change]\n\t"
                     "sts %[wdtcsr], r24\n\t"
                     "sts %[wdtcsr], __zero_reg__\n\t"
                     "ldi r24, %[paint]\n\t"
                     "ldi r30, lo8(tnf_stack_bottom)\n\t"
                     "ldi r31, hi8(tnf_stack_bottom)\n\t"
                     "ldi r25, hi8(%[end])\n"
                     "1:\n\t"
                     "st Z+, r24\n\t"
                     "cpi r30, lo8(%[end])\n\t"
                     "cpc r31, r25\n\t"
                     "brne 1b" ::[mcusr] "I"(_SFR_IO_ADDR(MCUSR)),
                     [wdtcsr] "n"(_SFR_MEM_ADDR(WDTCSR)), [change] "M"(_BV(WDCE) | _BV(WDE)),
                     [paint] "M"(AVR_STACK_PAINT), [end] "n"(RAMEND + 1));
}
