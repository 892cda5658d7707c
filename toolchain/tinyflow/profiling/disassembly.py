"""What the instructions of an image are: its disassembly by the toolchain's objdump."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyflow import process
from tinyflow.errors import ToolError

OBJDUMP_SECONDS = 120.0

_SYMBOL = re.compile(r"^([0-9a-f]+) <([^>]+)>:$")
_INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t(\S+)(?:\t([^;@#\n]*))?")
# A compiler may have made copies of a function, for constant arguments.
_COPY = re.compile(r"[.$](?:constprop|isra|part|lto_priv)[.$]\d+")


@dataclass(frozen=True)
class Disassembly:
    """Addresses of functions and their copies by name; instructions by address: mnemonic and
    operands."""

    symbols: Mapping[str, tuple[int, ...]]
    instructions: Mapping[int, tuple[str, str]]

    def addresses(self, name: str) -> tuple[int, ...]:
        """Where a function and its copies are. Raises ToolError where the image has none."""
        if name not in self.symbols:
            raise ToolError(f"the image has no function {name}: it cannot be profiled")
        return self.symbols[name]

    def within(self, names: Iterable[str]) -> Callable[[int], bool]:
        """Whether an address is in a function of one of these names, as far as the next begins."""
        starts = sorted(start for starts in self.symbols.values() for start in starts)
        mine = {start for name in names for start in self.symbols.get(name, ())}

        def found(address: int) -> bool:
            at = bisect.bisect_right(starts, address)
            return at > 0 and starts[at - 1] in mine

        return found


def disassemble(elf: Path, prefix: str) -> Disassembly:
    """The disassembly of an image built with the toolchain `prefix`."""
    program = f"{prefix}objdump"
    found = process.find_program(program)
    if found is None:
        raise ToolError(
            f"{program} is not installed, or not on PATH",
            ["it comes with the compiler of the emulated board"],
        )
    shown = process.run(
        [str(found), "-d", "--no-show-raw-insn", str(elf)], what=program, timeout=OBJDUMP_SECONDS
    )
    return parse(shown.stdout)


def parse(text: str) -> Disassembly:
    """What objdump printed."""
    symbols: dict[str, tuple[int, ...]] = {}
    instructions: dict[int, tuple[str, str]] = {}
    for line in text.splitlines():
        if match := _SYMBOL.match(line):
            name = _COPY.sub("", match[2])
            symbols[name] = (*symbols.get(name, ()), int(match[1], 16))
        elif match := _INSTRUCTION.match(line):
            instructions[int(match[1], 16)] = (match[2], (match[3] or "").strip())
    return Disassembly(symbols, instructions)
