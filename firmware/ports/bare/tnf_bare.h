/** @file
 * What start-up, faults and ports of bare-metal boards share.
 */
#ifndef TNF_BARE_H
#define TNF_BARE_H

#include <stdint.h>

#include "tnf_port.h"

/** What the stack is painted with before main, to see later how deep it went. */
#define TNF_STACK_PAINT 0xC5C5C5C5u

/** Where the linker script put things. */
extern uint32_t tnf_stack_bottom[], tnf_stack_top[];
extern uint32_t tnf_data_load[], tnf_data_start[], tnf_data_end[];
extern uint32_t tnf_bss_start[], tnf_bss_end[];

/** Milliseconds made of a free-running counter. */
typedef struct tnf_uptime {
    uint32_t ms;
    uint32_t ticks; /**< the counter when `ms` was last brought up to date */
} tnf_uptime_t;

/** Brings @p uptime up to date; must be called before the counter has gone round.
 *  @param now           the counter
 *  @param ticks_per_ms  1 or more
 *  @return milliseconds; wraps */
uint32_t tnf_uptime_ms(tnf_uptime_t *uptime, uint32_t now, uint32_t ticks_per_ms);

/** How the board is, as far as the stack and @p uptime_ms tell: no heap, no reset reason. */
tnf_port_health_t tnf_bare_health(uint32_t uptime_ms);

/** @return the end of @p text, written to @p to without its final 0 */
char *tnf_put_text(char *to, const char *text);

/** @return the end of the eight digits, written to @p to */
char *tnf_put_hex(char *to, uint32_t value);

/** What a board does when all is said about a fault. Does not return. Provided by each port. */
void tnf_fault_end(void);

/** Sends the line from @p begin to @p end, which has two bytes to spare, and ends the board.
 *  @p begin[0] is overwritten: it ends a frame that was being sent. */
void tnf_fault_send(char *begin, char *end);

#endif
