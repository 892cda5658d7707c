"""Instructions that the assembler does not know: their bytes, and where loops begin."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tinyflow import paths, process

PREFIX = "xtensa-lx106-elf-"
COMPILER = PREFIX + "gcc"
KERNELS = paths.data_folder("firmware") / "kernels"
SOURCES = sorted((KERNELS / "lx6").glob("*.S"))
# As an assembler for an LX6 core writes them.
BYTES = {
    "mula.dd ll, m0, m2": "040028",
    "mula.dd hl, m1, m3": "444029",
    "mula.dd.ldinc ll, m3, a4, m0, m2": "043408",
    "mula.dd.ldinc hh, m1, a3, m1, m3": "44530b",
    "mula.da lh, m1, a12": "c4406a",
    "mula.da.ldinc hl, m0, a3, m0, a11": "b40349",
    "mula.da.lddec hh, m1, a10, m1, a15": "f45a5b",
    "ldinc m2, a4": "042480",
    "rsr.m a8, m2": "802203",
    "rsr.acclo a14": "e01003",
    "wsr.acclo a7": "701013",
    "clamps.int8 a14, a13": "00ed33",
    "mulsh a14, a13, a8": "80edb2",
    "min a5, a6, a7": "705643",
    "max a5, a6, a7": "705653",
}
LOOPS = (8, 9)
"""LOOP and LOOPNEZ, as the upper half of an instruction's second byte."""

pytestmark = pytest.mark.skipif(shutil.which(COMPILER) is None, reason=f"{COMPILER} is missing")


# What the assembler lacks of the ABI with register windows, as three bytes each.
WINDOWED = """#undef __XTENSA_CALL0_ABI__
.macro entry register, frame
        .byte 0x36, 0, 0
.endm
.macro retw
        .byte 0x90, 0, 0
.endm
"""


def assembled(source: Path, folder: Path) -> bytes:
    """The function's bytes, from its first instruction on."""
    made, raw = folder / "made.o", folder / "made.bin"
    includes = [f"-I{place}" for place in (KERNELS / "lx6", KERNELS / "include")]
    includes.append(f"-I{KERNELS.parent / 'include'}")
    process.run([COMPILER, "-mabi=call0", "-c", *includes, source, "-o", made], timeout=60.0)
    named = process.run([PREFIX + "nm", made], timeout=60.0).stdout
    start, name = re.search(r"^(\w+) W (\w+)$", named, re.M).groups()  # type: ignore[union-attr]
    cut = [PREFIX + "objcopy", "-O", "binary", "-j", f".text.{name}", made, raw]
    process.run(cut, timeout=60.0)
    return raw.read_bytes()[int(start, 16) :]


def test_instructions_are_the_bytes_of_the_core(tmp_path: Path) -> None:
    source = tmp_path / "made.S"
    body = "\n".join(f"        {line}" for line in BYTES)
    source.write_text(f'#include "tnf_mac16.h"\ntnf_function made\n{body}\ntnf_end made\n')
    content = assembled(source, tmp_path)
    assert content.hex().endswith("".join(BYTES.values()))


@pytest.mark.parametrize("windowed", [False, True], ids=["call0", "windowed"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_loop_begins_where_its_first_instruction_is_in_one_word(
    source: Path, windowed: bool, tmp_path: Path
) -> None:
    own = tmp_path / "own.S"
    own.write_text((WINDOWED if windowed else "") + source.read_text())
    content = assembled(own, tmp_path)
    at, loops = 0, 0
    while at + 2 < len(content):
        if content[at] == 0x76 and content[at + 1] >> 4 in LOOPS:
            loops += 1
            assert at % 4 in (1, 2), hex(at)
            # Emulation of MULSH goes on behind it, which must not be the loop's end.
            end = at + 4 + content[at + 2]
            assert content[end - 1] != 0xB2, hex(at)
        at += 2 if 8 <= content[at] & 15 < 14 else 3
    assert loops > 0
