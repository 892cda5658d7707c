/* gcc's tracing for a libFuzzer that has no more of its own: part of the traced library. */
#include <stdint.h>

/* libFuzzer takes any counters in this section of the program for its own. */
extern uint8_t trace_counters[];
void __sanitizer_cov_trace_pc(void);

__attribute__((no_sanitize_address)) void __sanitizer_cov_trace_pc(void)
{
    uintptr_t place = (uintptr_t)__builtin_return_address(0);
    trace_counters[(place ^ (place >> 16)) % (1u << 16)]++;
}
