/* Multiplication and division that the core has no instructions for.
 *
 * The compiler calls these by the names that GCC's own library gives them; Debian's build of that
 * library for the call0 ABI lacks them. Division by zero gives what falls out. */
#include <stdint.h>

uint32_t __udivsi3(uint32_t dividend, uint32_t divisor);
uint32_t __umodsi3(uint32_t dividend, uint32_t divisor);
int32_t __divsi3(int32_t dividend, int32_t divisor);
uint64_t __umulsidi3(uint32_t a, uint32_t b);
uint64_t __muldi3(uint64_t a, uint64_t b);
uint64_t __udivdi3(uint64_t dividend, uint64_t divisor);
uint64_t __umoddi3(uint64_t dividend, uint64_t divisor);
int64_t __divdi3(int64_t dividend, int64_t divisor);
int64_t __moddi3(int64_t dividend, int64_t divisor);

uint32_t __udivsi3(uint32_t dividend, uint32_t divisor)
{
    uint32_t quotient = 0;
    if (divisor == 0 || dividend < divisor) {
        return 0;
    }
    /* Neither is zero. */
    int shift = __builtin_clz(divisor) - __builtin_clz(dividend);
    divisor <<= shift;
    for (; shift >= 0; shift--) {
        quotient <<= 1;
        if (dividend >= divisor) {
            dividend -= divisor;
            quotient |= 1u;
        }
        divisor >>= 1;
    }
    return quotient;
}

uint32_t __umodsi3(uint32_t dividend, uint32_t divisor)
{
    return dividend - __udivsi3(dividend, divisor) * divisor;
}

static uint32_t magnitude(int32_t value)
{
    return value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
}

int32_t __divsi3(int32_t dividend, int32_t divisor)
{
    uint32_t quotient = __udivsi3(magnitude(dividend), magnitude(divisor));
    return (int32_t)((dividend ^ divisor) < 0 ? 0u - quotient : quotient);
}

/* From products of halves: a product of 64 bits would become a call to what this is for. */
static inline uint64_t wide_product(uint32_t a, uint32_t b)
{
    uint32_t a_low = a & 0xFFFFu, a_high = a >> 16;
    uint32_t b_low = b & 0xFFFFu, b_high = b >> 16;
    uint32_t low_high = a_low * b_high, high_low = a_high * b_low;
    uint32_t middle = (a_low * b_low >> 16) + (low_high & 0xFFFFu) + (high_low & 0xFFFFu);
    uint32_t high = a_high * b_high + (low_high >> 16) + (high_low >> 16) + (middle >> 16);
    return ((uint64_t)high << 32) | (uint32_t)(a * b);
}

/* GCC 13 and newer call it, older ones call __muldi3. */
uint64_t __umulsidi3(uint32_t a, uint32_t b)
{
    return wide_product(a, b);
}

uint64_t __muldi3(uint64_t a, uint64_t b)
{
    uint32_t high = (uint32_t)a * (uint32_t)(b >> 32) + (uint32_t)(a >> 32) * (uint32_t)b;
    return wide_product((uint32_t)a, (uint32_t)b) + ((uint64_t)high << 32);
}

uint64_t __udivdi3(uint64_t dividend, uint64_t divisor)
{
    uint64_t quotient = 0;
    if ((dividend >> 32) == 0 && (divisor >> 32) == 0) {
        return __udivsi3((uint32_t)dividend, (uint32_t)divisor);
    }
    if (divisor == 0 || dividend < divisor) {
        return 0;
    }
    int shift = __builtin_clzll(divisor) - __builtin_clzll(dividend);
    divisor <<= shift;
    for (; shift >= 0; shift--) {
        quotient <<= 1;
        if (dividend >= divisor) {
            dividend -= divisor;
            quotient |= 1u;
        }
        divisor >>= 1;
    }
    return quotient;
}

uint64_t __umoddi3(uint64_t dividend, uint64_t divisor)
{
    return dividend - __muldi3(__udivdi3(dividend, divisor), divisor);
}

static uint64_t magnitude64(int64_t value)
{
    return value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
}

int64_t __divdi3(int64_t dividend, int64_t divisor)
{
    uint64_t quotient = __udivdi3(magnitude64(dividend), magnitude64(divisor));
    return (int64_t)((dividend ^ divisor) < 0 ? 0u - quotient : quotient);
}

int64_t __moddi3(int64_t dividend, int64_t divisor)
{
    uint64_t rest = __umoddi3(magnitude64(dividend), magnitude64(divisor));
    return (int64_t)(dividend < 0 ? 0u - rest : rest);
}
