/* Runs the ring's producer and consumer against each other in every order there is.
 *
 * One side is interrupted at each TNF_RING_BARRIER and before each sample it reads or writes; there
 * the other side may do any of its steps. All ways of doing so with up to MOST interruptions are
 * tried, one after another, for every small window and hop: "isr" interrupts the consumer by a
 * producer that runs to its end, "core" the producer by single steps of the consumer. "random"
 * goes on for longer with larger rings, and starts where the counters are about to wrap. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void interrupted(void);
#define TNF_RING_BARRIER() interrupted()
#include "tnf_ring.c"

#define MOST_CHOICES 400
#define MOST_VALUE 30000 /* gaps aside, sample numbers must fit */

static tnf_ring_t ring;
static int16_t *memory; /* exactly as large as the ring says, for the address sanitizer */
static void (*interrupt)(void);
static bool interrupting;
static const char *what;

static void fail(const char *why)
{
    (void)printf("%s, window %u, hop %u: %s\n", what, (unsigned)ring.window, (unsigned)ring.hop,
                 why);
    exit(1);
}

static void interrupted(void)
{
    if (interrupt != NULL && !interrupting) {
        interrupting = true;
        interrupt();
        interrupting = false;
    }
}

/* ---- choices: those of this run, and how the next run differs ---- */

static uint32_t chosen[MOST_CHOICES];
static uint32_t choices[MOST_CHOICES];
static uint32_t depth;
static uint32_t replayed;
static uint32_t left; /* interruptions that may still happen */
static uint32_t state;

static uint32_t chance(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

/* 0 to options - 1; anything but 0 costs an interruption. */
static uint32_t choose(uint32_t options)
{
    if (state != 0) {
        return chance(3) != 0 ? 0 : chance(options);
    }
    if (left == 0 || depth == MOST_CHOICES) {
        return 0;
    }
    if (depth >= replayed) {
        chosen[depth] = 0;
        replayed = depth + 1;
    }
    choices[depth] = options;
    uint32_t taken = chosen[depth++];
    left -= taken != 0 ? 1 : 0;
    return taken;
}

/* Whether there is another run. */
static bool next_run(void)
{
    while (depth > 0 && chosen[depth - 1] + 1 == choices[depth - 1]) {
        --depth;
    }
    if (depth == 0) {
        return false;
    }
    chosen[depth - 1]++;
    replayed = depth;
    depth = 0;
    return true;
}

/* ---- the producer: sample number n has value n; a gap skips some ---- */

static int16_t produced;
static uint32_t gaps;

static void produce(uint32_t samples)
{
    int16_t values[256];
    for (uint32_t i = 0; i < samples; ++i) {
        values[i] = produced++;
    }
    tnf_ring_push(&ring, values, samples);
}

static void produce_gap(void)
{
    tnf_ring_gap(&ring);
    produced = (int16_t)(produced + 1000);
    ++gaps;
}

static void isr(void)
{
    if (produced > MOST_VALUE) {
        return;
    }
    uint32_t taken = choose(ring.hop + 4);
    if (taken == ring.hop + 3) {
        produce_gap();
    } else if (taken == ring.hop + 2) {
        produce(ring.capacity + 1);
    } else if (taken > 0) {
        produce(taken);
    }
}

/* ---- the consumer: one step at a time ---- */

static const int16_t *window;
static int16_t copy[64];
static uint32_t copied;
static uint32_t taken_whole;
static int16_t last_first;

static void check(void)
{
    if (tnf_ring_release(&ring)) {
        for (uint32_t i = 1; i < ring.window; ++i) {
            if ((int16_t)(copy[i] - copy[i - 1]) != 1) {
                fail("a torn window");
            }
        }
        int16_t step = (int16_t)(copy[0] - last_first);
        if (gaps == 0 && (taken_whole > 0 ? step <= 0 || (uint32_t)step % ring.hop != 0
                                          : (uint32_t)copy[0] % ring.hop != 0)) {
            fail("not a whole number of hops");
        }
        last_first = copy[0];
        ++taken_whole;
        if (gaps == 0 && (uint32_t)copy[0] != (ring.windows + ring.dropped - 1) * ring.hop) {
            fail("windows dropped and windows taken are not all there were");
        }
    }
    window = NULL;
    copied = 0;
}

static void consume_step(void)
{
    if (window == NULL) {
        window = tnf_ring_window(&ring);
        if (window != NULL &&
            (window < memory ||
             window + ring.window > memory + TNF_RING_WORDS(ring.window, ring.hop, 2u))) {
            fail("a window outside of the ring");
        }
    } else if (copied < ring.window) {
        copy[copied] = window[copied];
        ++copied;
    } else {
        check();
    }
}

static void core(void)
{
    for (uint32_t steps = choose(ring.window + 3); steps > 0; --steps) {
        consume_step();
    }
}

/* ---- runs ---- */

static void begin(uint32_t size, uint32_t hop, uint32_t from)
{
    free(memory);
    memory = malloc(sizeof(int16_t) * TNF_RING_WORDS(size, hop, 2u));
    if (memory == NULL) {
        fail("no memory");
    }
    memset(memory, 0x5a, sizeof(int16_t) * TNF_RING_WORDS(size, hop, 2u));
    interrupt = NULL;
    tnf_ring_init(&ring, memory, 2, size, hop);
    ring.written = ring.oldest = ring.next = from;
    produced = 0;
    gaps = 0;
    taken_whole = 0;
    window = NULL;
    copied = 0;
}

/* The consumer looks for a while, interrupted by the producer. */
static void run_isr(uint32_t before, uint32_t steps)
{
    produce(before);
    interrupt = isr;
    for (uint32_t i = 0; i < steps; ++i) {
        interrupted();
        consume_step();
    }
    interrupt = NULL;
}

/* The producer writes for a while, interrupted by the consumer. */
static void run_core(uint32_t before, uint32_t samples)
{
    produce(before);
    interrupt = core;
    while (samples > 0) {
        uint32_t piece = samples < ring.hop ? samples : ring.hop;
        int16_t *to = tnf_ring_reserve(&ring, &piece);
        for (uint32_t i = 0; i < piece; ++i) {
            interrupted();
            to[i] = produced++;
        }
        tnf_ring_commit(&ring, piece);
        samples -= piece;
        interrupted();
    }
    interrupt = NULL;
}

static unsigned long exhaust(uint32_t size, uint32_t hop, uint32_t most)
{
    unsigned long runs = 0;
    uint32_t capacity = TNF_RING_CAPACITY(size, hop);
    for (uint32_t before = size; before <= capacity + size; before += hop) {
        for (uint32_t kind = 0; kind < 2; ++kind) {
            what = kind == 0 ? "isr" : "core";
            depth = replayed = 0;
            do {
                depth = 0;
                left = most;
                begin(size, hop, 0);
                if (kind == 0) {
                    run_isr(before, 2 * (size + 2));
                } else {
                    run_core(before, capacity);
                }
                ++runs;
            } while (next_run());
        }
    }
    return runs;
}

static unsigned long wander(uint32_t rounds)
{
    unsigned long windows = 0;
    what = "random";
    for (uint32_t round = 0; round < rounds; ++round) {
        uint32_t size = 1 + chance(40);
        uint32_t hop = 1 + chance(size);
        begin(size, hop, 0);
        /* Near the wrap of the counters; where windows begin is then a matter of chance. */
        uint32_t from = 0u - hop * chance(200);
        ring.written = ring.oldest = ring.next = from;
        uint32_t before = chance(2 * size);
        if (chance(2) == 0) {
            run_isr(before, 2000);
        } else {
            run_core(before, 20 * ring.capacity);
        }
        windows += taken_whole;
        /* Left alone, the consumer finds the newest whole window, and then waits. */
        while (tnf_ring_window(&ring) != NULL) {
            window = NULL;
            for (copied = 0; copied < size; ++copied) {
                copy[copied] = ((const int16_t *)tnf_ring_window(&ring))[copied];
            }
            check();
        }
        if (tnf_ring_missing(&ring) == 0 || tnf_ring_missing(&ring) > size) {
            fail("nothing missing, and no window");
        }
    }
    return windows;
}

static void expect(bool fact, const char *why)
{
    if (!fact) {
        fail(why);
    }
}

/* What must come, where nothing is left to chance. */
static void directed(void)
{
    what = "directed";
    begin(4, 2, 0);
    expect(tnf_ring_missing(&ring) == 4 && tnf_ring_window(&ring) == NULL, "empty at first");
    produce(100);
    const int16_t *newest = tnf_ring_window(&ring);
    expect(newest != NULL && newest[0] == 96 && newest[3] == 99, "the newest whole window");
    expect(ring.dropped == 48, "all before it were dropped");
    expect(tnf_ring_release(&ring) && ring.windows == 1, "and it is whole");
    expect(tnf_ring_age(&ring) == 0 && tnf_ring_missing(&ring) == 2, "nothing has come since");
    produce(3);
    expect(tnf_ring_age(&ring) == 3 && tnf_ring_missing(&ring) == 0, "three have come since");

    begin(4, 2, 0);
    produce(5);
    produce_gap();
    produce(3);
    expect(tnf_ring_window(&ring) == NULL, "no window over a gap");
    expect(ring.gaps == 1 && ring.dropped == 3 && tnf_ring_missing(&ring) == 1, "one gap");
    produce(1);
    const int16_t *first = tnf_ring_window(&ring);
    expect(first != NULL && first[0] == 1005 && first[3] == 1008, "the first window after it");
    expect(tnf_ring_release(&ring) && ring.windows == 1, "is whole");

    begin(3, 3, 0);
    expect(TNF_RING_WORDS(3u, 3u, 2u) == 6, "nothing is there twice without overlap");
    uint32_t most = 100;
    (void)tnf_ring_reserve(&ring, &most);
    expect(most == 3, "at most a hop in one piece");
    tnf_ring_commit(&ring, 0);
    expect(ring.written == 0 && tnf_ring_missing(&ring) == 3, "none is allowed");
}

int main(int count, char **arguments)
{
    uint32_t largest = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 3;
    uint32_t most = count > 2 ? (uint32_t)strtoul(arguments[2], NULL, 10) : 3;
    uint32_t rounds = count > 3 ? (uint32_t)strtoul(arguments[3], NULL, 10) : 200;
    unsigned long runs = 0;
    directed();
    for (uint32_t size = 1; size <= largest; ++size) {
        for (uint32_t hop = 1; hop <= size; ++hop) {
            runs += exhaust(size, hop, most);
        }
    }
    state = 88172645;
    unsigned long windows = wander(rounds);
    (void)printf("%lu runs, %lu windows at random\n", runs, windows);
    free(memory);
    return 0;
}
