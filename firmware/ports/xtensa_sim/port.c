/* The port of QEMU's Xtensa machine `sim` with core de212: console and end by SIMCALL, the
 * simulator's own system calls, the cycle counter as counter.
 *
 * CCOUNT goes on at 40 MHz. Under QEMU with `-icount shift=6` an instruction takes 64 ns, so a
 * difference of two readings, 2.56 an instruction, names the exact number of instructions.
 *
 * QEMU computes an instruction of MAC16 that loads a register wrongly where one that it translated
 * together with it uses the same register; with `-singlestep` it translates them one by one. */
#include "sim.h"
#include "tnf_bare.h"
#include "xtensa.h"

#define SYS_EXIT 1
#define SYS_READ 3
#define SYS_WRITE 4
#define SYS_SELECT_ONE 29
#define STANDARD_INPUT 0u
#define STANDARD_OUTPUT 1u
#define SELECT_READ 1u

#define CCOUNT_HZ 40000000u
#define TICKS_PER_MS (CCOUNT_HZ / 1000u)
/* How often an empty read looks again before it sleeps: often while a message comes in, of which
 * the emulator hands over 16 bytes at a time; then for 1 ms. */
#define LOOKS_INSIDE 20000
#define LOOKS_BETWEEN 200
#define IDLE_TICKS TICKS_PER_MS
#define TIMER0_INTERRUPT (1u << 6)

static tnf_uptime_t uptime;

/* The machine starts at the first byte of flash. */
__asm__(".section .vectors.start, \"ax\"\n"
        "    j    tnf_reset_handler\n"
        ".text\n");

static int32_t simcall(int32_t call, uint32_t first, uint32_t second, uint32_t third)
{
    register int32_t a2 __asm__("a2") = call;
    register uint32_t a3 __asm__("a3") = first;
    register uint32_t a4 __asm__("a4") = second;
    register uint32_t a5 __asm__("a5") = third;
    __asm__ volatile("simcall" : "+a"(a2), "+a"(a3) : "a"(a4), "a"(a5) : "memory");
    return a2;
}

void tnf_board_early(void)
{
}

void tnf_port_init(void)
{
    uptime = (tnf_uptime_t){.ticks = xtensa_cycles()};
}

static bool received(void)
{
    return simcall(SYS_SELECT_ONE, STANDARD_INPUT, SELECT_READ, 0) == 1;
}

/* The timer's, only to end WAITI. */
void tnf_interrupt(void)
{
    xtensa_enable(0);
}

static void idle(void)
{
    static int looks = LOOKS_BETWEEN;
    for (int left = looks; left > 0; left--) {
        if (received()) {
            looks = LOOKS_INSIDE;
            return;
        }
    }
    looks = LOOKS_BETWEEN;
    XTENSA_WRITE(240, xtensa_cycles() + IDLE_TICKS); /* CCOMPARE0 */
    xtensa_enable(TIMER0_INTERRUPT);
    __asm__ volatile("waiti 0" ::: "memory");
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    size_t size = 0;
    idle();
    while (size < capacity && received()) {
        int32_t taken = simcall(SYS_READ, STANDARD_INPUT, (uint32_t)(buffer + size),
                                (uint32_t)(capacity - size));
        size += taken > 0 ? (size_t)taken : 0;
    }
    (void)tnf_port_uptime_ms(); /* read often enough that the counter cannot wrap unseen */
    return size;
}

size_t tnf_port_write(const uint8_t *data, size_t size)
{
    int32_t sent = simcall(SYS_WRITE, STANDARD_OUTPUT, (uint32_t)data, (uint32_t)size);
    return sent > 0 ? (size_t)sent : size; /* nobody listens */
}

uint32_t tnf_port_counter(void)
{
    return xtensa_cycles() - sim_emulation_ticks();
}

uint32_t tnf_port_uptime_ms(void)
{
    return tnf_uptime_ms(&uptime, xtensa_cycles(), TICKS_PER_MS);
}

void tnf_port_health(tnf_port_health_t *health)
{
    *health = tnf_bare_health(tnf_port_uptime_ms());
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    if (bootloader) {
        return TNF_UNSUPPORTED; /* it has none */
    }
    tnf_reset_handler(); /* the machine has no reset: as good as one, for what is in RAM */
    return TNF_OK;
}

void tnf_fault_end(void)
{
    (void)simcall(SYS_EXIT, 1, 0, 0);
    for (;;) {
    }
}
