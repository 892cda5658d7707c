/* What start-up, faults and ports of bare-metal boards share. */
#include "tnf_bare.h"

/* A UART that takes nothing in so many looks takes nothing more. */
#define FAULT_TURNS 1000000u

uint32_t tnf_uptime_ms(tnf_uptime_t *uptime, uint32_t now, uint32_t ticks_per_ms)
{
    uint32_t passed = (now - uptime->ticks) / ticks_per_ms;
    uptime->ticks += passed * ticks_per_ms;
    uptime->ms += passed;
    return uptime->ms;
}

tnf_port_health_t tnf_bare_health(uint32_t uptime_ms)
{
    const uint32_t *deepest = tnf_stack_bottom;
    while (deepest < tnf_stack_top && *deepest == TNF_STACK_PAINT) {
        deepest++;
    }
    return (tnf_port_health_t){
        .uptime_ms = uptime_ms,
        .stack_bytes = (uint32_t)(tnf_stack_top - tnf_stack_bottom) * sizeof(uint32_t),
        .stack_used_bytes = (uint32_t)(tnf_stack_top - deepest) * sizeof(uint32_t),
    };
}

char *tnf_put_text(char *to, const char *text)
{
    while (*text != '\0') {
        *to++ = *text++;
    }
    return to;
}

char *tnf_put_hex(char *to, uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4) {
        *to++ = "0123456789abcdef"[(value >> shift) & 15u];
    }
    return to;
}

void tnf_fault_send(char *begin, char *end)
{
    *begin = '\0';
    end = tnf_put_text(end, "\r\n");
    for (uint32_t turns = FAULT_TURNS; begin < end && turns > 0; turns--) {
        size_t taken = tnf_port_write((const uint8_t *)begin, (size_t)(end - begin));
        if (taken > 0) {
            begin += taken;
            turns = FAULT_TURNS;
        }
    }
    tnf_fault_end();
}
