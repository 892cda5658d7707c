"""Recognises in a linker's output that an image is larger than the board."""

from __future__ import annotations

import re

from tinyflow.boards import BoardProfile
from tinyflow.errors import ModelError

_REGION = re.compile(r"region `(\w+)' overflowed by (\d+) bytes")
_PROGRAM = re.compile(r"program size \((\d+) bytes\) is greater than maximum allowed \(\d+ bytes\)")
# The regions of tinyflow's linker scripts, and of Arm's Arduino cores; the RAM of ESP-IDF's, of the
# ESP32-C6 the second; avr-gcc's. CONSTANTS is the part of an AVR's flash that a 16-bit pointer
# reaches.
_MEMORY = {
    "FLASH": "flash",
    "RAM": "RAM",
    "dram0_0_seg": "RAM",
    "sram_seg": "RAM",
    "text": "flash",
    "data": "RAM",
    "CODE": "RAM for code",
    "SLOW_RAM": "slow RAM",
    "CONSTANTS": "flash for constants",
}
CONSTANTS_BYTES = 0x10000
# With 16-bit sizes, as on an AVR.
_ARRAY = re.compile(r"size of array .(\w+). is too large")
ARRAY_BYTES = 0x7FFF


def overflow_error(output: str, model: str, board: BoardProfile) -> ModelError | None:
    """The error when an image was found too large; None when it was something else.

    `output` is the compiler's, which tells arrays that cannot be, the linker's, which tells memory
    regions that overflow, or PlatformIO's, which compares the program with the board's flash.
    """
    limits = {
        "flash": board.memory.flash_bytes,
        "RAM": board.memory.ram_bytes,
        "RAM for code": board.memory.code_bytes or board.memory.ram_bytes,
        "slow RAM": board.memory.slow_ram_bytes,
        "flash for constants": CONSTANTS_BYTES,
    }
    needed = {
        _MEMORY[region]: limits[_MEMORY[region]] + int(over)
        for region, over in _REGION.findall(output)
        if region in _MEMORY
    }
    for size in _PROGRAM.findall(output):
        needed.setdefault("flash", int(size))
    findings = [
        f"the image needs {needed[memory]:,} B of {memory}, "
        f"board {board.name} has {limit:,} B: {needed[memory] - limit:,} B too much"
        for memory, limit in limits.items()
        if memory in needed
    ]
    findings += [
        f"its array {name} is larger than the {ARRAY_BYTES:,} B "
        "that this processor's compiler allows"
        for name in dict.fromkeys(_ARRAY.findall(output))
    ]
    if not findings:
        return None
    return ModelError(
        f"model {model} does not fit board {board.name}", findings, ["tinyflow boards"]
    )
