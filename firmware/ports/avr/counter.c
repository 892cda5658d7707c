/* The counter: timer 5 at the core's clock, its 16 bits made 32 by an interrupt.
 *
 * The interrupt comes in between what is counted, so what it takes is not counted: the counter
 * stands still for it. The handler is written so that one figure is right for both ways of
 * counting: it takes 64 cycles of the chip, from the response to the interrupt to the return, and
 * 31 instructions. Under QEMU with `-icount shift=7` an instruction takes 128 ns and a tick of the
 * 16 MHz timer 62 ns (the emulator drops the fraction), so those 31 are 64 ticks as well, an
 * overflow comes every 31,744 instructions, and a difference of two readings names the exact
 * number of instructions. Timer 5, because QEMU keeps no exact time for registers in the first 256
 * addresses, where those of the other timers are. */
#include <avr/interrupt.h>
#include <avr/io.h>

#include "avr.h"
#include "tnf_port.h"

#define HANDLER_TICKS 64

volatile uint32_t tnf_avr_overflows;

void tnf_avr_counter_init(void)
{
    tnf_avr_overflows = 0;
    TCCR5A = 0;
    TCCR5B = 0;
    TCNT5 = 0;
    TIMSK5 = _BV(TOIE5);
    TCCR5B = _BV(CS50);
}

/* QEMU 7 takes every interrupt from the 32nd on to vector 33, one that this port does not use. */
__asm__(".global __vector_33\n\t"
        ".set __vector_33, __vector_50");

/* tnf_avr_overflows += 65536 - HANDLER_TICKS, and the flag is cleared, which the emulator leaves to
 * software (a chip ignores the 0). Cycles in brackets; the response takes 5, the jump here 3. */
ISR(TIMER5_OVF_vect, ISR_NAKED)
{
    __asm__ volatile("push r24\n\t"                                /* 2 */
                     "in r24, __SREG__\n\t"                        /* 1 */
                     "push r24\n\t"                                /* 2 */
                     "lds r24, tnf_avr_overflows\n\t"              /* 2 */
                     "subi r24, lo8(%[minus])\n\t"                 /* 1 */
                     "sts tnf_avr_overflows, r24\n\t"              /* 2 */
                     "lds r24, tnf_avr_overflows+1\n\t"            /* 2 */
                     "sbci r24, hi8(%[minus])\n\t"                 /* 1 */
                     "sts tnf_avr_overflows+1, r24\n\t"            /* 2 */
                     "lds r24, tnf_avr_overflows+2\n\t"            /* 2 */
                     "sbci r24, hlo8(%[minus])\n\t"                /* 1 */
                     "sts tnf_avr_overflows+2, r24\n\t"            /* 2 */
                     "lds r24, tnf_avr_overflows+3\n\t"            /* 2 */
                     "sbci r24, hhi8(%[minus])\n\t"                /* 1 */
                     "sts tnf_avr_overflows+3, r24\n\t"            /* 2 */
                     "ldi r24, 0\n\t"                              /* 1 */
                     "out %[tifr], r24\n\t"                        /* 1 */
                     ".rept 8\n\trjmp .+0\n\t.endr\n\t"            /* 16 */
                     "jmp 1f\n1:\n\t"                              /* 3 */
                     "pop r24\n\t"                                 /* 2 */
                     "out __SREG__, r24\n\t"                       /* 1 */
                     "pop r24\n\t"                                 /* 2 */
                     "reti" ::[minus] "n"(HANDLER_TICKS - 65536L), /* 5 */
                     [tifr] "I"(_SFR_IO_ADDR(TIFR5)));
}

uint32_t tnf_port_counter(void)
{
    const uint8_t status = SREG;
    cli();
    const uint16_t low = TCNT5;
    const uint8_t flags = TIFR5;
    const uint32_t high = tnf_avr_overflows;
    SREG = status;
    /* An overflow before `low` was read whose handler has not run. Without a branch: the number of
     * instructions is always the same. */
    const uint8_t missed = (uint8_t)(flags & _BV(TOV5) & (uint8_t)~(low >> 15));
    return high + low + ((uint32_t)missed << 16);
}
