"""Cycles of instructions on each core: at least and at most, with where the figures are from.

A table holds for memory that never waits. Where a core's maker publishes no table, `source` says
so, and what was assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tinyflow.artifacts import Cycles
from tinyflow.profiling.kinds import DECODERS, OTHER, Architecture, Instruction, Kind

ONE = Cycles(1, 1)
NONE = Cycles(0, 0)
MEMORY = ("load", "store")


@dataclass(frozen=True)
class Core:
    """A core's table. A kind that is not in `cycles` takes one.

    `jump` is what a branch that is taken takes beside its own cycle, `call` the same of a jump
    that always is. Of "multiple", `cycles` are those beside one for each word. A load or store
    right after another takes `next` where the core overlaps them. At best `at_once` instructions
    are carried out together.
    """

    name: str
    architecture: Architecture
    source: str
    cycles: Mapping[Kind, Cycles] = field(default_factory=dict)
    jump: Cycles = NONE
    call: Cycles = NONE
    next: Cycles | None = None
    at_once: int = 1

    def block(self, instructions: Sequence[Instruction]) -> tuple[Cycles, Cycles]:
        """What instructions one after another take, and what a jump at their end adds."""
        total, before = NONE, OTHER
        for instruction in instructions:
            total += self._one(instruction, before)
            before = instruction
        least = -(-total.low // self.at_once)
        calls = before.kind == "call" or before.jumps
        return Cycles(least, total.high), self.call if calls else self.jump

    def _one(self, instruction: Instruction, before: Instruction) -> Cycles:
        kind = instruction.kind
        taken = self.cycles.get(kind, ONE)
        if kind == "multiple":
            return taken + Cycles(instruction.words, instruction.words)
        if self.next is not None and kind in MEMORY and before.kind in MEMORY:
            return self.next
        return taken


_M0 = Core(
    "cortex-m0",
    "arm",
    "Arm's Cortex-M0 TRM (DDI 0432C), table 3-1, with the multiplier of one cycle",
    {"load": Cycles(2, 2), "store": Cycles(2, 2), "multiple": ONE},
    jump=Cycles(2, 2),
    call=Cycles(2, 3),
)
_M0PLUS = Core(
    "cortex-m0plus",
    "arm",
    "Arm's Cortex-M0+ TRM (DDI 0484C), table 3-1, with the multiplier of one cycle",
    {"load": Cycles(2, 2), "store": Cycles(2, 2), "multiple": ONE},
    jump=Cycles(1, 1),
    call=Cycles(1, 2),
)
_M3 = Core(
    "cortex-m3",
    "arm",
    "Arm's Cortex-M3 TRM (DDI 0337E), table 18-1",
    {
        "load": Cycles(2, 2),
        "store": Cycles(1, 2),
        "multiple": ONE,
        "accumulate": Cycles(2, 2),
        "long": Cycles(3, 5),
        "long accumulate": Cycles(4, 7),
        "divide": Cycles(2, 12),
    },
    jump=Cycles(1, 3),
    call=Cycles(1, 3),
    next=Cycles(1, 2),
)
_M4 = Core(
    "cortex-m4",
    "arm",
    "Arm's Cortex-M4 TRM (100166_0001), tables 3-1 and 7-1",
    {
        "load": Cycles(2, 2),
        "store": Cycles(1, 2),
        "multiple": ONE,
        "divide": Cycles(2, 12),
        "float": Cycles(1, 3),
        "float divide": Cycles(14, 14),
    },
    jump=Cycles(1, 3),
    call=Cycles(1, 3),
    next=Cycles(1, 2),
)

_M7 = Core(
    "cortex-m7",
    "arm",
    "Arm publishes no table for the Cortex-M7. Assumed: from two instructions at once, all "
    "branches foretold, to one at a time and each taken branch 2 more",
    {
        "load": Cycles(1, 2),
        "multiple": Cycles(0, 1),
        "divide": Cycles(3, 12),
        "float divide": Cycles(14, 14),
    },
    jump=Cycles(0, 2),
    call=Cycles(0, 2),
    at_once=2,
)
_M33 = Core(
    "cortex-m33",
    "arm",
    "Arm publishes no table for the Cortex-M33. Assumed: that of the Cortex-M4, with loads of 1 "
    "to 2 and taken branches of 2 to 3",
    {
        "load": Cycles(1, 2),
        "store": ONE,
        "multiple": Cycles(0, 1),
        "divide": Cycles(2, 12),
        "float": Cycles(1, 3),
        "float divide": Cycles(14, 14),
    },
    jump=Cycles(1, 2),
    call=Cycles(1, 2),
    next=ONE,
)
_M55 = Core(
    "cortex-m55",
    "arm",
    "no table is used for the Cortex-M55. Assumed: 2 cycles for a vector of four beats, 1 where "
    "it overlaps its neighbour; loads 1 to 2, taken branches 2 to 3, loops at no cost",
    {
        "vector": Cycles(1, 2),
        "load": Cycles(1, 2),
        "multiple": Cycles(0, 1),
        "divide": Cycles(2, 12),
        "float": Cycles(1, 3),
        "float divide": Cycles(14, 14),
    },
    jump=Cycles(1, 2),
    call=Cycles(1, 2),
    next=Cycles(1, 2),
)
_ESP_RV32 = Core(
    "esp-rv32",
    "riscv",
    "Espressif publishes no table for its RV32IMC core, which has four stages and takes one "
    "instruction at a time. Assumed: loads 1 to 2, taken branches 2 to 3, divisions 2 to 34",
    {"load": Cycles(1, 2), "divide": Cycles(2, 34), "long": Cycles(1, 2)},
    jump=Cycles(1, 2),
    call=Cycles(1, 2),
)
_LX6 = Core(
    "lx6",
    "xtensa",
    "Cadence publishes no table for the ESP32's LX6. Assumed: five stages, loads 1 to 2, "
    "multiplies 1 to 2 (and MAC16, as all that objdump does not know), taken branches 3, loops at "
    "no cost",
    {
        "load": Cycles(1, 2),
        "multiply": Cycles(1, 2),
        "long": Cycles(1, 2),
        "divide": Cycles(2, 13),
    },
    jump=Cycles(2, 2),
    call=Cycles(2, 2),
)

CORES: Mapping[str, Core] = {
    core.name: core for core in (_M0, _M0PLUS, _M3, _M4, _M7, _M33, _M55, _ESP_RV32, _LX6)
}


def decode(core: Core, mnemonic: str, operands: str) -> Instruction:
    """The kind of an instruction."""
    return DECODERS[core.architecture](mnemonic, operands)
