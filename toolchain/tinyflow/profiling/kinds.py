"""Kinds of instructions: those that a core's table of cycles tells apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "load",
    "store",
    "multiple",
    "multiply",
    "accumulate",
    "long",
    "long accumulate",
    "divide",
    "branch",
    "call",
    "loop",
    "float",
    "float divide",
    "vector",
    "other",
]
Architecture: TypeAlias = Literal["arm", "riscv", "xtensa"]


@dataclass(frozen=True)
class Instruction:
    """Its kind; of "multiple" how many words it moves, and whether it jumps as well."""

    kind: Kind
    words: int = 0
    jumps: bool = False


OTHER = Instruction("other")


def arm(mnemonic: str, operands: str) -> Instruction:
    """Thumb, with or without the DSP, floating-point and vector extensions."""
    name = mnemonic.split(".")[0]
    to_pc = operands.startswith("pc,") or re.search(r"\bpc\}", operands) is not None
    if name.startswith("v"):
        return _arm_vector(name, mnemonic, operands)
    if name in ("le", "letp", "wls", "wlstp", "dls", "dlstp"):
        return Instruction("loop")
    if name.startswith(("ldm", "stm", "push", "pop")):
        return Instruction("multiple", _registers(operands), to_pc and name.startswith(("l", "po")))
    if name.startswith(("ldrd", "strd")):
        return Instruction("multiple", 2)
    if name.startswith("ldr"):
        return Instruction("load", 1, to_pc)
    if name.startswith("str"):
        return Instruction("store", 1)
    if name.startswith(("sdiv", "udiv")):
        return Instruction("divide")
    if re.match(r"(smull|umull)", name):
        return Instruction("long")
    if re.match(r"(smlal|umlal|umaal|smlsld)", name):
        return Instruction("long accumulate")
    if re.match(r"(mla|mls)", name):
        return Instruction("accumulate")
    if re.match(r"(mul|smul|smla|smmla|smmul|smmls|smuad|smusd|smlsd)", name):
        return Instruction("multiply")
    if re.match(r"(bl|blx|bx|tbb|tbh)($|eq|ne|[chlgmpv][cselti])", name):
        return Instruction("call")
    if name in ("cbz", "cbnz") or re.match(r"b($|eq$|ne$|[chlgmpv][cselti]$)", name):
        return Instruction("branch")
    return Instruction("call") if to_pc else OTHER


def _arm_vector(name: str, mnemonic: str, operands: str) -> Instruction:
    if re.match(r"(vldm|vstm|vpush|vpop)", name):
        return Instruction("multiple", _registers(operands))
    if re.search(r"\bq[0-7]\b", operands):
        return Instruction("vector")
    if name.startswith("vldr"):
        return Instruction("load", 1)
    if name.startswith("vstr"):
        return Instruction("store", 1)
    if name.startswith(("vdiv", "vsqrt")):
        return Instruction("float divide")
    return Instruction("float") if mnemonic != name else OTHER


def _registers(operands: str) -> int:
    """How many registers a list has: {r4-r7, lr} is five."""
    found = re.search(r"\{([^}]*)\}", operands)
    count = 0
    numbers = {"sp": 13, "lr": 14, "pc": 15, "ip": 12, "fp": 11, "sl": 10, "sb": 9}
    for part in found[1].split(",") if found else []:
        ends = [
            numbers.get(name, int(re.sub(r"\D", "", name) or 0)) for name in part.strip().split("-")
        ]
        count += ends[-1] - ends[0] + 1
    return max(count, 1)


def riscv(mnemonic: str, operands: str) -> Instruction:
    """RV32IMC and what follows from it."""
    name = mnemonic.removeprefix("c.")
    if re.fullmatch(r"l[bhw]u?|lwsp|fl[wd]", name):
        return Instruction("load", 1)
    if re.fullmatch(r"s[bhw]|swsp|fs[wd]", name):
        return Instruction("store", 1)
    if name in ("div", "divu", "rem", "remu"):
        return Instruction("divide")
    if name in ("mulh", "mulhu", "mulhsu"):
        return Instruction("long")
    if name == "mul":
        return Instruction("multiply")
    if re.fullmatch(r"b(eq|ne|lt|ge|gt|le)u?z?", name):
        return Instruction("branch")
    if name in ("j", "jal", "jr", "jalr", "ret", "call", "tail"):
        return Instruction("call")
    return OTHER


def xtensa(mnemonic: str, operands: str) -> Instruction:
    """Xtensa. What an objdump for a lesser core calls excw is one of MAC16's, most likely."""
    name = mnemonic.removesuffix(".n")
    if name == "excw":
        return Instruction("multiply")
    if re.fullmatch(r"l(8ui|16[us]i|32i|32r|32e)", name) or name.startswith("ld"):
        return Instruction("load", 1)
    if re.fullmatch(r"s(8i|16i|32i|32e)", name):
        return Instruction("store", 1)
    if re.fullmatch(r"(quo|rem)[us]", name):
        return Instruction("divide")
    if name in ("muluh", "mulsh"):
        return Instruction("long")
    if name.startswith("mul"):
        return Instruction("multiply")
    if name.startswith("loop"):
        return Instruction("loop")
    if re.fullmatch(r"j|jx|call\w+|ret\w*", name):
        return Instruction("call")
    return Instruction("branch") if name.startswith("b") and name != "break" else OTHER


DECODERS: dict[Architecture, Callable[[str, str], Instruction]] = {
    "arm": arm,
    "riscv": riscv,
    "xtensa": xtensa,
}
