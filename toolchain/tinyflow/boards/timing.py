"""What an estimate of a board's cycles is made of, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from tinyflow import schema

Core = Literal[
    "cortex-m0",
    "cortex-m0plus",
    "cortex-m3",
    "cortex-m4",
    "cortex-m7",
    "cortex-m33",
    "cortex-m55",
    "esp-rv32",
    "lx6",
]


@dataclass(frozen=True)
class Timing(schema.Checked):
    """What an estimate of the board's cycles is made of (`tinyflow profile --estimate`).

    Instructions are counted on the emulated board `emulated_by`, by the code that this board
    gets, and weighed by the table of the core. Flash takes its wait states for every line that is
    not among those used last: at best while the core works, at worst while it waits.
    """

    core: Core
    """Whose table of cycles holds."""
    emulated_by: str
    """The board with runner `qemu` that executes the same instructions."""
    flash_wait_states: Annotated[int, Ge(0)] = 0
    """How many cycles longer than from RAM a line takes from flash."""
    flash_line_bytes: Annotated[int, Gt(0)] = 16
    """How much comes from flash at once."""
    flash_cache_bytes: Annotated[int, Ge(0)] = 0
    """How much code a cache in front of flash holds, 0 where there is none; of a cache for code
    and constants half."""
    flash_data_cache_bytes: Annotated[int, Ge(0)] = 0
    """How much of the constants one holds."""
    code_in: Literal["flash", "ram"] = "flash"
    """Where code runs from; RAM never waits. Constants are read from flash."""
