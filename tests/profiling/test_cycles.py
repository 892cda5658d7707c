"""Cycles of small loops, counted by hand from the manuals' tables."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from tinyflow.artifacts import Cycles
from tinyflow.boards import Timing
from tinyflow.boards.timing import Core
from tinyflow.errors import ToolError
from tinyflow.profiling.cores import CORES
from tinyflow.profiling.cycles import Model
from tinyflow.profiling.disassembly import parse
from tinyflow.profiling.plugin import Block, Part

ARM = """
00000100 <tnf_sum>:
     100:	ldrb	r3, [r0, r2]
     102:	adds	r1, r1, r3
     104:	subs	r2, #1
     106:	bne.n	100 <tnf_sum>
00000108 <tnf_sum.constprop.0>:
     108:	muls	r0, r1
     10a:	ldr	r2, [r4, #4]
     10c:	ldr	r3, [r4, #8]
     10e:	pop	{r4, pc}
     110:	.word	0x00004c58
"""
LOOP = Block((0x100, 0x102, 0x104, 0x106), 0x108)
END = Block((0x108, 0x10A, 0x10C, 0x10E), 0x110)


def cycles(core: str, part: Part, **flash: int) -> Cycles:
    timing = replace(Timing(core, "qemu-m4"), **flash)  # type: ignore[arg-type]
    return Model(timing, parse(ARM)).cycles(part)


@pytest.mark.parametrize(
    ("core", "least", "most"),
    [
        # ten rounds, the last not taken: a load, two of the ALU, a branch and its 9 jumps
        ("cortex-m0", 10 * (2 + 1 + 1 + 1) + 9 * 2, 10 * (2 + 1 + 1 + 1) + 9 * 2),
        ("cortex-m0plus", 10 * 5 + 9 * 1, 10 * 5 + 9 * 1),
        ("cortex-m3", 10 * 5 + 9 * 1, 10 * 5 + 9 * 3),
        ("cortex-m4", 10 * 5 + 9 * 1, 10 * 5 + 9 * 3),
        ("cortex-m7", 10 * 2, 10 * 5 + 9 * 2),
    ],
)
def test_a_loop(core: str, least: int, most: int) -> None:
    assert cycles(core, Part({LOOP: (10, 1)})) == Cycles(least, most)


def test_the_end_of_a_function_on_the_m4() -> None:
    # a product, a load of 2, one that may overlap it, two words from the stack and the jump
    assert cycles("cortex-m4", Part({END: (1, 0)})) == Cycles(1 + 2 + 1 + 3 + 1, 1 + 2 + 2 + 3 + 3)


def test_the_end_of_a_function_on_the_m0plus() -> None:
    assert cycles("cortex-m0plus", Part({END: (1, 0)})) == Cycles(1 + 2 + 2 + 3 + 1, 8 + 2)


def test_flash_is_read_while_the_core_works_or_while_it_waits() -> None:
    part = Part({LOOP: (10, 1)}, code_lines=3, data_lines=7)
    still = cycles("cortex-m4", part)
    assert still == Cycles(59, 77)
    assert cycles("cortex-m4", part, flash_wait_states=5) == Cycles(59, 77 + 50)
    assert cycles("cortex-m4", part, flash_wait_states=50) == Cycles(500, 77 + 500)


def test_code_in_ram_waits_for_constants_alone() -> None:
    part = Part({LOOP: (10, 1)}, code_lines=3, data_lines=7)
    timing = Timing("cortex-m4", "qemu-m4", flash_wait_states=5, code_in="ram")
    assert Model(timing, parse(ARM)).waits(part) == 35


def test_every_core_of_a_board_has_a_table_with_its_source() -> None:
    assert set(CORES) == set(get_args(Core))
    assert all(len(core.source) > 30 for core in CORES.values())


def test_copies_of_a_function_are_the_function() -> None:
    found = parse(ARM)
    assert found.addresses("tnf_sum") == (0x100, 0x108)
    assert found.instructions[0x10E] == ("pop", "{r4, pc}")
    assert parse("50002988 <tnf_observe$constprop$0>:").addresses("tnf_observe") == (0x50002988,)
    within = found.within(["tnf_sum"])
    assert [within(address) for address in (0xFF, 0x100, 0x10F)] == [False, True, True]


def test_a_function_that_is_missing_is_told() -> None:
    with pytest.raises(ToolError, match="no function tnf_observe"):
        parse(ARM).addresses("tnf_observe")
