"""The plugin of the emulator that counts how often each instruction is executed.

It is one C file, compiled by this machine's compiler when it is first needed.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tinyflow import cache, paths, process, tools
from tinyflow.errors import ToolError

COMPILE_SECONDS = 60.0
VERSION_SECONDS = 20.0
FLAGS = ("-std=c99", "-O2", "-fPIC", "-shared")
# On macOS a library must be told that the program which loads it has the rest.
MACOS_FLAGS = ("-undefined", "dynamic_lookup")


@dataclass(frozen=True)
class Block:
    """Instructions that are executed one after another, and the address behind the last."""

    addresses: tuple[int, ...]
    end: int


@dataclass
class Part:
    """What was executed in a part of an inference.

    `ran` has, by block, how often it was executed and how often the block behind it came next.
    `code_lines` and `data_lines` of flash were used that no cache held.
    """

    ran: dict[Block, tuple[int, int]] = field(default_factory=dict)
    code_lines: int = 0
    data_lines: int = 0

    @property
    def instructions(self) -> int:
        return sum(times * len(block.addresses) for block, (times, _) in self.ran.items())

    def note(self, block: Block, times: int, fell: int) -> None:
        """Add to what is known of a block; the emulator may have translated it more than once."""
        before = self.ran.get(block, (0, 0))
        self.ran[block] = (before[0] + times, before[1] + fell)

    def without(self, left_out: Callable[[int], bool]) -> Part:
        """The part but for blocks at addresses that are `left_out`."""
        ran = {block: n for block, n in self.ran.items() if not left_out(block.addresses[0])}
        return Part(ran, self.code_lines, self.data_lines)

    def add(self, other: Part) -> None:
        """Take what another part has into this one."""
        for block, (times, fell) in other.ran.items():
            self.note(block, times, fell)
        self.code_lines += other.code_lines
        self.data_lines += other.data_lines


def build(emulator: Path) -> Path:
    """The plugin for an emulator; it is compiled once and kept. Raises ToolError."""
    source = paths.data_folder("firmware") / "host" / "tnf_count_plugin.c"
    api = _api(emulator)
    name = cache.key({"source": cache.file_sha256(source), "api": api})
    made = paths.user_cache() / "plugin" / f"count-{name}.so"
    if made.is_file():
        return made
    compiler = tools.require("cc")
    made.parent.mkdir(parents=True, exist_ok=True)
    partial = made.with_suffix(f".{os.getpid()}")
    flags = [*FLAGS, *(MACOS_FLAGS if sys.platform == "darwin" else ())]
    process.run(
        [str(compiler), *flags, f"-DTNF_PLUGIN_API={api}", str(source), "-o", str(partial)],
        what="the host's C compiler",
        timeout=COMPILE_SECONDS,
    )
    partial.replace(made)
    return made


def _api(emulator: Path) -> int:
    """The version of the plugin interface that an emulator has."""
    shown = process.run([str(emulator), "--version"], timeout=VERSION_SECONDS, check=False)
    release = re.search(r"version (\d+)\.", shown.stdout)
    return 2 if release is not None and int(release[1]) >= 9 else 1


def argument(plugin: Path, out: Path, values: Iterable[tuple[str, int | str]]) -> str:
    """What the emulator is told after `-plugin`. Raises ToolError where a path cannot be told."""
    for path in (str(plugin), str(out)):
        if "," in path:
            raise ToolError(
                f"{path} has a comma, which the emulator takes for the end of the path",
                hints=["set TINYFLOW_CACHE_DIR to another folder, or move the project"],
            )
    return ",".join([str(plugin), f"out={out}", *(f"{name}={value}" for name, value in values)])


def read(file: Path, told: Sequence[int]) -> list[Part]:
    """What each layer executed in the last inference in `file`.

    `told` are the layers of the parts, in order. Raises ToolError where they are not the parts
    that were counted.
    """
    text = file.read_text(encoding="ascii", errors="replace") if file.is_file() else ""
    inferences = text.split("begin\n")
    blocks: dict[int, Block] = {}
    parts: list[Part] = []
    for part_texts in inferences[1:]:
        parts = [_part(lines, blocks) for lines in _parts(part_texts)]
    if len(parts) != len(told):
        raise ToolError(
            f"the emulator's plugin counted {len(parts)} parts of layers, the model has "
            f"{len(told)}",
            [f"it wrote {file}"],
        )
    layers = [Part() for _ in range(max(told, default=-1) + 1)]
    for layer, part in zip(told, parts, strict=True):
        layers[layer].add(part)
    return layers


def _parts(text: str) -> list[list[str]]:
    """The lines of each part, the telling one included; what comes after the last is left out."""
    parts: list[list[str]] = [[]]
    for line in text.splitlines():
        parts[-1].append(line)
        if line.startswith("told "):
            parts.append([])
    return parts[:-1]


def _part(lines: Sequence[str], blocks: dict[int, Block]) -> Part:
    part = Part()
    for line in lines:
        kind, *words = line.split()
        if kind == "block":
            number, end, *addresses = words
            blocks[int(number)] = Block(tuple(int(a, 16) for a in addresses), int(end, 16))
        elif kind == "ran":
            block, times, fell = map(int, words)
            part.note(blocks[block], times, fell)
        elif kind == "told":
            part.code_lines, part.data_lines = map(int, words)
    return part
