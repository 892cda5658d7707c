/** @file
 * The clock of the Arduino Mega 2560: a resonator of 16 MHz, good to 0.5 %.
 */
#ifndef AVR_CLOCK_H
#define AVR_CLOCK_H

#define AVR_CLOCK_HZ 16000000UL

#endif
