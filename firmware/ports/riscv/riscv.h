/** @file
 * What RISC-V start-up code calls.
 */
#ifndef RISCV_H
#define RISCV_H

#include <stdint.h>

/** Reports a fault on the console and ends the board; the stack is a fresh one.
 *  @param cause    mcause; 0, with 0 for the others, when main returned
 *  @param pc       mepc
 *  @param address  mtval */
void tnf_fault_report(uint32_t cause, uint32_t pc, uint32_t address);

#endif
