"""Reads the linker's map file: what of an image goes where, and whose it is.

The format is that of GNU ld, the same for Arm, RISC-V, Xtensa and host images. Only the part after
"Linker script and memory map" is looked at; sections that the linker discarded stand before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from tinyflow.boards import BoardProfile
from tinyflow.errors import ToolError

BEGIN = "Linker script and memory map"
# Named by -fdata-sections; the small one where an arena is no larger than a few words.
ARENA = (".bss.arena", ".sbss.arena")
# What a model has beside the arena (TNF_SLOW_MEMORY).
SLOW = ".bss.tnf_slow"

_PLACE = r"0x([0-9a-f]+)\s+0x([0-9a-f]+)"
_OUTPUT = re.compile(rf"([.\w$-]+)\s+{_PLACE}(?:\s+load address 0x([0-9a-f]+))?\s*$")
_INPUT = re.compile(rf" ([.\w$-]+|\*fill\*)\s+{_PLACE}(?:\s+(\S.*?))?\s*$")
_LONG_NAME = re.compile(r" ?[.\w$-]+$")
_REST = re.compile(rf"\s+{_PLACE}(?:\s|$)")

# In the file, but not in the board's memory.
_NOT_LOADED = re.compile(
    r"\.(debug|zdebug|stab|comment|note|symtab|strtab|shstrtab|\w+\.attributes)"
)

# What a section holds, by how its name begins; the longest beginning counts.
_KINDS = {
    "code": ("text", "init", "fini", "plt", "vectors", "literal", "iram1"),
    "rodata": (
        *("rodata", "srodata", "progmem", "constants", "data.rel.ro", "eh_frame", "ARM.ex"),
        *("gcc_except_table", "interp", "hash", "gnu.hash", "gnu.version", "dynsym", "dynstr"),
        *("rela.", "rel."),
    ),
    "data": (
        *("data", "sdata", "tdata", "got", "init_array", "fini_array", "preinit_array"),
        *("dynamic", "dram1"),
    ),
    "bss": ("bss", "sbss", "tbss", "COMMON", "noinit", "stack", "dynbss"),
}
_BEGINNINGS = sorted(
    ((beginning, kind) for kind, names in _KINDS.items() for beginning in names),
    key=lambda pair: -len(pair[0]),
)
# What SDKs put before it: .flash.text, .iram0.vectors, .dram0.bss.
_PREFIX = re.compile(r"\.?(?:flash|iram\d|dram\d|rtc|ext_ram|gnu\.linkonce)[._](?=\w)")


@dataclass(frozen=True)
class InputSection:
    """A piece of one object file: `file` is its path, or `path/libx.a(object)`."""

    name: str
    address: int
    size: int
    file: str

    @property
    def archive(self) -> str:
        """The file name of the archive it came from, empty for an object file."""
        path, _, member = self.file.rpartition("(")
        return PurePosixPath(path.replace("\\", "/")).name if member else ""


@dataclass(frozen=True)
class OutputSection:
    """A section of the image. `load_address` is where its content lies before start-up."""

    name: str
    address: int
    size: int
    load_address: int
    inputs: tuple[InputSection, ...] = ()


@dataclass(frozen=True)
class Sizes:
    """Bytes by what they are. Data counts in flash and in RAM, as it is copied."""

    code: int = 0
    rodata: int = 0
    data: int = 0
    bss: int = 0

    @property
    def flash(self) -> int:
        return self.code + self.rodata + self.data

    @property
    def ram(self) -> int:
        return self.data + self.bss


def read_map(file: Path) -> tuple[OutputSection, ...]:
    """All output sections of a map file. Raises ToolError when it is not one."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ToolError(f"{file} cannot be read: {error.strerror}") from None
    _, begin, rest = text.partition(BEGIN)
    sections = _parse(rest.splitlines())
    if not begin or not sections:
        raise ToolError(f"{file} is not a map file of GNU ld", [f'it has no "{BEGIN}"'])
    return sections


def archive_sizes(sections: Iterable[OutputSection], archive: str) -> Sizes:
    """What objects of the archive with that file name take in the image, without slow memory."""
    return _sum(
        (piece.name, piece.size)
        for section in sections
        for piece in section.inputs
        if piece.archive == archive and piece.name != SLOW
    )


def image_sizes(sections: Iterable[OutputSection]) -> Sizes:
    """What the image's sections take, by their names; for images without a memory map."""
    return _sum((section.name, section.size) for section in sections)


def whole_image(sections: Iterable[OutputSection], board: BoardProfile) -> tuple[int, int]:
    """Flash and RAM bytes of the whole image.

    Where tinyflow's linker script placed it: from the beginning of flash and RAM to the last byte
    used, gaps and stack included. Else, where a loader or an SDK places it, by the sections' names.
    """
    loaded = [s for s in sections if s.size > 0 and not _NOT_LOADED.match(s.name)]
    if board.toolchain is None or not board.toolchain.linker_script:
        sizes = image_sizes(loaded)
        return sizes.flash, sizes.ram
    memory = board.memory
    flash, ram = [memory.flash_origin], [memory.ram_origin]
    for section in loaded:
        if 0 <= section.address - memory.ram_origin < memory.ram_bytes:
            ram.append(section.address + section.size)
        if 0 <= section.load_address - memory.flash_origin < memory.flash_bytes:
            flash.append(section.load_address + section.size)
    return max(flash) - memory.flash_origin, max(ram) - memory.ram_origin


def arena_bytes(sections: Iterable[OutputSection]) -> int:
    """The size of the tensor arena, which the application defines as `arena`."""
    pieces = (piece for section in sections for piece in section.inputs)
    return sum(piece.size for piece in pieces if piece.name in ARENA)


def slow_bytes(sections: Iterable[OutputSection]) -> int:
    """The size of the slow memory of all models in the image."""
    pieces = (piece for section in sections for piece in section.inputs)
    return sum(piece.size for piece in pieces if piece.name == SLOW)


def kind(name: str) -> str:
    """What a section holds: code, rodata, data, bss, or empty when it is not in the image."""
    plain = _PREFIX.sub("", name, count=1).lstrip(".")
    return next((found for beginning, found in _BEGINNINGS if plain.startswith(beginning)), "")


def _sum(pieces: Iterable[tuple[str, int]]) -> Sizes:
    sums = {"code": 0, "rodata": 0, "data": 0, "bss": 0}
    for name, size in pieces:
        found = kind(name)
        if found:
            sums[found] += size
    return Sizes(**sums)


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """The lines, with a name too long for its column and the line after it made one."""
    name = ""
    for line in lines:
        if name and _REST.match(line):
            yield name + line
            name = ""
            continue
        if name:
            yield name
        name = line if _LONG_NAME.match(line) else ""
        if not name:
            yield line
    if name:
        yield name


def _parse(lines: Iterable[str]) -> tuple[OutputSection, ...]:
    sections: list[tuple[OutputSection, list[InputSection]]] = []
    for line in _joined(lines):
        if line and not line[0].isspace():
            match = _OUTPUT.match(line)
            if match:
                address = int(match[2], 16)
                load = int(match[4], 16) if match[4] else address
                sections.append((OutputSection(match[1], address, int(match[3], 16), load), []))
        elif sections:
            match = _INPUT.match(line)
            if match and int(match[3], 16) > 0:
                place = int(match[2], 16), int(match[3], 16)
                sections[-1][1].append(InputSection(match[1], *place, match[4] or ""))
    return tuple(replace(section, inputs=tuple(pieces)) for section, pieces in sections)
