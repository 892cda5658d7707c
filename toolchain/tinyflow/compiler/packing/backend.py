"""What a kernel backend is: folders of kernels, and its own ways to compute a lowered node."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tinyflow import paths
from tinyflow.compiler.graph import Graph
from tinyflow.compiler.ops.op import KernelCall, Overlap

if TYPE_CHECKING:
    from tinyflow.compiler.steps import Step

SUFFIXES = (".c", ".S")
CALL = {".c": re.compile(r"\btnf_(\w+)\("), ".S": re.compile(r"\btnf_(\w+)\b")}
PLAIN = "plain"
"""The variant that every node has: the call its operator is lowered to."""
SCRATCH_BYTES, WINOGRAD_SCRATCH_BYTES = 4096, 10240
"""The most scratch memory that kernels take."""


@dataclass(frozen=True)
class Variant:
    """One way to compute a node, exact for every input.

    `name` is what people write to choose it ("direct", "winograd", "sparse"). `overlaps` are where
    its output may lie over its input; they replace the operator's. `instructions` is a prediction
    of those executed per inference, for choosing among variants.
    """

    name: str
    calls: tuple[KernelCall, ...]
    overlaps: tuple[Overlap, ...] = ()
    instructions: int = 0

    @property
    def constant_bytes(self) -> int:
        """Bytes of weights and other constants."""
        return sum(constant.size_bytes for call in self.calls for constant in call.constants)

    @property
    def scratch_bytes(self) -> int:
        return max((call.scratch_bytes for call in self.calls), default=0)

    @property
    def kernels(self) -> frozenset[str]:
        """The source files it calls."""
        return frozenset(kernel for call in self.calls for kernel in call.kernels)


def _none(graph: Graph, step: Step) -> Iterable[Variant]:
    return ()


@dataclass(frozen=True)
class Backend:
    """A kernel backend. Kernels are looked for in `folders` of firmware/kernels, in that order.

    `variants` yields the backend's own ways to compute a step, none where it has none for that
    operator or shape. A variant named PLAIN tells how many instructions the operator's own call
    takes.
    """

    name: str
    folders: tuple[str, ...]
    variants: Callable[[Graph, Step], Iterable[Variant]] = _none

    def kernel(self, stem: str) -> Path | None:
        """The source file of a kernel; None where none of the folders has it."""
        for folder in self.kernel_folders:
            for suffix in SUFFIXES:
                file = folder / f"{stem}{suffix}"
                if file.is_file():
                    return file
        return None

    def closure(self, stems: Iterable[str]) -> frozenset[str]:
        """The kernels `stems` and those they call. Raises LookupError where one is missing."""
        wanted, found = set(stems), set[str]()
        while wanted - found:
            stem = min(wanted - found)
            found.add(stem)
            called = _called(self.source(stem))
            wanted |= {name for name in called if self.kernel(name) is not None}
        return frozenset(found)

    def source(self, stem: str) -> Path:
        """The source file of a kernel. Raises LookupError where none of the folders has it."""
        file = self.kernel(stem)
        if file is None:
            raise LookupError(f"backend {self.name} has no kernel {stem}")
        return file

    @property
    def kernel_folders(self) -> tuple[Path, ...]:
        kernels = paths.data_folder("firmware") / "kernels"
        return tuple(kernels / folder for folder in self.folders)

    def headers(self) -> dict[str, Path]:
        """The headers of its folders by name, the first of each."""
        found: dict[str, Path] = {}
        for folder in self.kernel_folders:
            for file in sorted(folder.glob("*.h")):
                found.setdefault(file.name, file)
        return found

    def sources(self) -> dict[str, Path]:
        """All kernels by stem, the first of each."""
        found: dict[str, Path] = {}
        for folder in self.kernel_folders:
            for suffix in SUFFIXES:
                for file in sorted(folder.glob(f"*{suffix}")):
                    found.setdefault(file.stem, file)
        return found


@functools.cache
def _called(file: Path) -> frozenset[str]:
    """What a source file names that may be kernels."""
    return frozenset(CALL[file.suffix].findall(file.read_text(encoding="utf-8")))


def specialised(step: Step, variant: Variant) -> Step:
    """The step computed by a variant."""
    return dataclasses.replace(
        step,
        calls=variant.calls,
        scratch_bytes=variant.scratch_bytes,
        overlaps=variant.overlaps,
        variant=variant.name,
    )
