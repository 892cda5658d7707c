/* A firmware that shows what its port can do: one letter asks, the answer is words of 32 bits. */
#include "tnf_board.h"
#include "tnf_port.h"

#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
#endif

#define READ_BYTES 64

static uint8_t buffer[READ_BYTES];
static size_t available;
static size_t taken;
static volatile uint32_t initialised = 0x12345678u;
static volatile uint32_t cleared;
static volatile float factor = 1.5f;

static uint8_t take(void)
{
    while (taken == available) {
        available = tnf_port_read(buffer, sizeof buffer);
        taken = 0;
    }
    return buffer[taken++];
}

static uint32_t take_word(void)
{
    uint32_t word = 0;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        word |= (uint32_t)take() << shift;
    }
    return word;
}

static void answer(uint32_t word)
{
    uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16),
                        (uint8_t)(word >> 24)};
    for (size_t sent = 0; sent < sizeof bytes;) {
        sent += tnf_port_write(bytes + sent, sizeof bytes - sent);
    }
}

/* Two instructions a round, whatever the number; five on an 8-bit core. */
static void rounds(uint32_t number)
{
#if defined(__arm__)
    __asm__ volatile(".syntax unified\n1: subs %0, %0, #1\n\tbne 1b" : "+l"(number)::"cc");
#elif defined(__riscv)
    __asm__ volatile("1: addi %0, %0, -1\n\tbnez %0, 1b" : "+r"(number));
#elif defined(__xtensa__)
    __asm__ volatile("1: addi %0, %0, -1\n\tbnez %0, 1b" : "+a"(number));
#elif defined(__AVR__)
    __asm__ volatile("1: subi %A0, 1\n\tsbci %B0, 0\n\tsbci %C0, 0\n\tsbci %D0, 0\n\tbrne 1b"
                     : "+d"(number));
#else
    for (volatile uint32_t left = number; left > 0; left--) {
    }
#endif
}

/* Not a part of main, whose stack would hold its frames. */
__attribute__((noinline)) static uint32_t overflow(volatile uint32_t *below)
{
    volatile uint32_t frame[64];
    frame[0] = *below + 1;
    return frame[0] == 0 ? 0 : overflow(frame) + frame[0];
}

int main(void)
{
    tnf_port_init();
    for (;;) {
        uint32_t start, word;
        tnf_port_health_t health;
        switch (take()) {
        case 'c': /* ticks of so many rounds */
            word = take_word();
            start = tnf_port_counter();
            rounds(word);
            answer(tnf_port_counter() - start);
            break;
        case 'd': /* memory as start-up left it, and changed by now */
            answer(initialised);
            answer(cleared);
            initialised = 1;
            cleared = 1;
            break;
        case 'f': /* floating point */
            factor *= 3.0f;
            answer((uint32_t)(int32_t)factor);
            break;
#if defined(__ARM_FEATURE_MVE)
        case 'v': /* the sum of four lanes */
            answer(vaddvq_u32(vdupq_n_u32(take_word())));
            break;
#endif
        case 'h':
            tnf_port_health(&health);
            answer(health.uptime_ms);
            answer(health.stack_bytes);
            answer(health.stack_used_bytes);
            break;
        case 's': /* takes so many bytes: their hash (FNV-1a) */
            word = 2166136261u;
            for (uint32_t left = take_word(); left > 0; left--) {
                word = (word ^ take()) * 16777619u;
            }
            answer(word);
            break;
        case 'r':
            answer((uint32_t)tnf_port_reset(true)); /* no board here has a bootloader */
            (void)tnf_port_reset(false);
            break;
        case 'w': /* a write to flash or to nothing: a fault */
            *(volatile uint32_t *)(uintptr_t)take_word() = 0;
            break;
        case 'o':
            start = 0;
            answer(overflow(&start));
            break;
        default:
            break;
        }
    }
}
