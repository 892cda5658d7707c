/* Faults of every RISC-V core in machine mode. */
#include "riscv.h"
#include "tnf_bare.h"

void tnf_fault_report(uint32_t cause, uint32_t pc, uint32_t address)
{
    char line[80];
    char *to = tnf_put_text(line + 1, "fault: mcause ");
    to = tnf_put_hex(to, cause);
    to = tnf_put_text(to, " pc ");
    to = tnf_put_hex(to, pc);
    to = tnf_put_text(to, " address ");
    to = tnf_put_hex(to, address);
    tnf_fault_send(line, to);
}
