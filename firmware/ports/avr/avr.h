/** @file
 * What the parts of the AVR port share. Register names are avr-libc's, for the chip that -mmcu
 * names.
 */
#ifndef TNF_AVR_H
#define TNF_AVR_H

#include <stdint.h>

/** What the stack is painted with before main, to see later how deep it went. */
#define AVR_STACK_PAINT 0xC5

/** What counts as the stack: from the end of all variables to the end of RAM. */
extern uint8_t tnf_stack_bottom[];

/** MCUSR as start-up found it: the chip's own code of why it was reset. */
extern uint8_t tnf_avr_reset_reason;

/** Ticks of all overflows of timer 5 so far; its handler's. */
extern volatile uint32_t tnf_avr_overflows;

/** Starts timer 5 at the core's clock. */
void tnf_avr_counter_init(void);

#endif
