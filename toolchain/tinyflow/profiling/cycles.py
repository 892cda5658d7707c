"""Cycles of what was executed: the core's table, and what flash may add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinyflow.artifacts import Cycles
from tinyflow.boards import Timing
from tinyflow.profiling.cores import CORES, Core, decode
from tinyflow.profiling.disassembly import Disassembly
from tinyflow.profiling.kinds import Instruction
from tinyflow.profiling.plugin import Block, Part

UNKNOWN = Instruction("multiply")
"""An instruction that objdump does not know: on the LX6 those are MAC16's, raw words."""


@dataclass
class Model:
    """Turns parts into cycles for one board and one image."""

    timing: Timing
    image: Disassembly

    def __post_init__(self) -> None:
        self._known: dict[Block, tuple[Cycles, Cycles]] = {}

    @property
    def core(self) -> Core:
        return CORES[self.timing.core]

    def cycles(self, part: Part) -> Cycles:
        """What a part takes at least, where flash is read while the core works, and at most, where
        the core stands still meanwhile."""
        low = high = 0
        for block, (times, fell) in part.ran.items():
            straight, jump = self._block(block)
            low += times * straight.low + (times - fell) * jump.low
            high += times * straight.high + (times - fell) * jump.high
        waits = self.waits(part)
        return Cycles(max(low, waits), high + waits)

    def waits(self, part: Part) -> int:
        """The cycles in which flash is read: for each line that no cache held."""
        code = 0 if self.timing.code_in == "ram" else part.code_lines
        return self.timing.flash_wait_states * (code + part.data_lines)

    def _block(self, block: Block) -> tuple[Cycles, Cycles]:
        if block not in self._known:
            self._known[block] = self.core.block(self._instructions(block))
        return self._known[block]

    def _instructions(self, block: Block) -> Sequence[Instruction]:
        found = (self.image.instructions.get(address, (".byte", "")) for address in block.addresses)
        return [
            UNKNOWN if mnemonic.startswith(".") else decode(self.core, mnemonic, operands)
            for mnemonic, operands in found
        ]
