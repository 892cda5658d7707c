"""What boards say of their timing, against the boards that stand in for them."""

from __future__ import annotations

import pytest

from tinyflow.boards import board_names, load_board
from tinyflow.profiling.cores import CORES

PREFIXES = {
    "arm": "arm-none-eabi-",
    "riscv": "riscv64-unknown-elf-",
    "xtensa": "xtensa-lx106-elf-",
}
TIMED = [name for name in board_names() if load_board(name).timing is not None]


@pytest.mark.parametrize("name", TIMED)
def test_the_emulated_board_can_count(name: str) -> None:
    timing = load_board(name).timing
    assert timing is not None
    emulated = load_board(timing.emulated_by)
    assert "qemu" in emulated.runners and "cmake" in emulated.builders
    assert emulated.toolchain is not None
    assert emulated.toolchain.prefix == PREFIXES[CORES[timing.core].architecture]


@pytest.mark.parametrize("name", TIMED)
def test_caches_hold_whole_lines(name: str) -> None:
    timing = load_board(name).timing
    assert timing is not None
    for size in (timing.flash_cache_bytes, timing.flash_data_cache_bytes):
        assert size % timing.flash_line_bytes == 0
        assert not size or timing.flash_wait_states


def test_most_boards_can_be_estimated() -> None:
    assert len(TIMED) >= 17
