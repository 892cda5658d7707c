"""Recognises in a linker's output that an image is larger than the board."""

from __future__ import annotations

import re

from tinyflow.boards import BoardProfile
from tinyflow.errors import ModelError

_REGION = re.compile(r"region `(\w+)' overflowed by (\d+) bytes")
_MEMORY = {"FLASH": "flash", "RAM": "RAM"}


def overflow_error(output: str, model: str, board: BoardProfile) -> ModelError | None:
    """The error when the linker found the image too large; None when it was something else.

    Regions are called FLASH and RAM, as in tinyflow's linker scripts.
    """
    over = {region: int(size) for region, size in _REGION.findall(output)}
    limits = {"FLASH": board.memory.flash_bytes, "RAM": board.memory.ram_bytes}
    findings = [
        f"the image needs {limits[region] + over[region]:,} B of {_MEMORY[region]}, "
        f"board {board.name} has {limits[region]:,} B: {over[region]:,} B too much"
        for region in limits
        if region in over
    ]
    if not findings:
        return None
    return ModelError(
        f"model {model} does not fit board {board.name}", findings, ["tinyflow boards"]
    )
