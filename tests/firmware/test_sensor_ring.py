"""The ring of samples: its producer and consumer in every order, and for every processor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fake_board import SANITIZE, WARNINGS

from tinyflow import paths, process

FIRMWARE = paths.data_folder("firmware")
RING = FIRMWARE / "sensor" / "tnf_ring.c"
INCLUDES = [f"-I{FIRMWARE / name}" for name in ("include", "protocol", "runtime", "sensor")]

# A compiler and what a memory barrier is there.
# fmt: off
CROSS = {
    "cortex-m0": (["arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb"], "dmb"),
    "cortex-m4": (["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb"], "dmb"),
    "riscv": (["riscv64-unknown-elf-gcc", "--specs=picolibc.specs", "-march=rv32imc",
               "-mabi=ilp32"], "fence"),
}
# fmt: on


def test_no_order_of_steps_tears_a_window(tmp_path: Path) -> None:
    """All orders with up to three interruptions, windows of up to three samples; then at random."""
    program = tmp_path / "check"
    source = Path(__file__).with_name("check_ring.c")
    command = ["gcc", "-std=c99", "-O1", *WARNINGS, *SANITIZE, *INCLUDES, str(source)]
    process.run([*command, "-o", str(program)], timeout=60)
    done = process.run([str(program), "3", "3", "300"], timeout=60)
    told = re.fullmatch(r"(\d+) runs, (\d+) windows at random\n", done.stdout)
    assert told is not None, done.stdout
    assert int(told[1]) > 1_000_000
    assert int(told[2]) > 5_000


def test_two_threads_never_tear_a_window(tmp_path: Path) -> None:
    """A producer that really runs beside the consumer."""
    source = tmp_path / "threads.c"
    source.write_text(THREADS)
    program = tmp_path / "threads"
    command = ["gcc", "-std=c99", "-O2", "-fno-strict-aliasing", *WARNINGS, *INCLUDES, "-pthread"]
    process.run([*command, str(RING), str(source), "-o", str(program)], timeout=60)
    done = process.run([str(program)], timeout=60)
    assert done.stdout == "whole\n"


@pytest.mark.parametrize("target", sorted(CROSS))
def test_the_barrier_is_one_where_there_is_any(target: str, tmp_path: Path) -> None:
    compiler, barrier = CROSS[target]
    output = tmp_path / "ring.s"
    process.run(
        [*compiler, "-std=c99", "-Os", *WARNINGS, *INCLUDES, "-S", str(RING), "-o", str(output)],
        timeout=60,
    )
    assert output.read_text().count(barrier) >= 5


THREADS = r"""
#include <pthread.h>
#include <stdio.h>
#include "tnf_sensor.h"

#define WINDOW 31u
#define HOP 7u
#define SAMPLES 400000u

static int16_t memory[TNF_RING_WORDS(WINDOW, HOP, 4u)];
static tnf_ring_t ring;

static void *produce(void *unused)
{
    for (uint32_t i = 0; i < SAMPLES;) {
        uint32_t block[5];
        uint32_t size = 1 + i % 5;
        for (uint32_t j = 0; j < size; ++j) {
            block[j] = i++;
        }
        tnf_ring_push(&ring, block, size);
    }
    return unused;
}

int main(void)
{
    pthread_t thread;
    uint32_t next = 0;
    tnf_ring_init(&ring, memory, 4, WINDOW, HOP);
    if (pthread_create(&thread, NULL, produce, NULL) != 0) {
        return 1;
    }
    while (next + HOP + WINDOW <= SAMPLES) {
        uint32_t copy[WINDOW];
        const volatile uint32_t *window = tnf_ring_window(&ring);
        if (window == NULL) {
            continue;
        }
        for (uint32_t i = 0; i < WINDOW; ++i) {
            copy[i] = window[i];
        }
        if (!tnf_ring_release(&ring)) {
            continue;
        }
        next = (ring.windows + ring.dropped - 1) * HOP;
        for (uint32_t i = 0; i < WINDOW; ++i) {
            if (copy[i] != next + i) {
                (void)printf("torn at %u\n", (unsigned)next);
                return 1;
            }
        }
    }
    (void)pthread_join(thread, NULL);
    (void)printf("whole\n");
    return 0;
}
"""
