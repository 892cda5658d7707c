"""Test vectors as C: inputs, the bytes that must come out, a CRC-32 of every layer's output."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tinyflow import __version__, render
from tinyflow.arguments import Argument, arguments
from tinyflow.artifacts import CompiledModel

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes

VALUES_PER_LINE = 24
HOST_LIBRARY = "library"
FILES = ("vectors.h", "vectors.c", "test_vectors.c", "CMakeLists.txt")


@dataclass(frozen=True)
class Vector:
    """One inference: the bytes of all inputs and outputs, and what each layer must hash to."""

    input: bytes
    output: bytes
    layer_crc32: tuple[int, ...]


@dataclass(frozen=True)
class VectorLines:
    """A vector as the template prints it."""

    input: tuple[str, ...]
    output: tuple[str, ...]
    layer_crc32: tuple[str, ...]


@dataclass(frozen=True)
class VectorContext:
    """Context of templates/handoff/test/*. `crc_rows` is at least 1, as an array in C must be.

    `host_sources` are files of `library` beside it, the model for this machine where the board's is
    in assembly; else empty.
    """

    name: str
    upper: str
    tool_version: str
    model: CompiledModel
    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    call: str
    vectors: tuple[VectorLines, ...]
    crc_rows: int
    host_sources: tuple[str, ...]


def vector(data: Bytes, output: Bytes, layers: Sequence[Bytes]) -> Vector:
    """What the model made of one input: its output, and that of each layer."""
    crcs = tuple(zlib.crc32(layer.tobytes()) for layer in layers)
    return Vector(data.tobytes(), output.tobytes(), crcs)


def write(
    folder: Path,
    compiled: CompiledModel,
    vectors: Sequence[Vector],
    library: Path,
    templates: Sequence[Path] = (),
) -> None:
    """Write the vectors and a C program that runs them into `folder`.

    `library` is the exported one. Where it is in assembly, `folder` also gets it for the host.
    """
    host_sources = _copy_for_host(compiled, library, folder / HOST_LIBRARY)
    inputs = arguments("input", compiled.inputs)
    outputs = arguments("output", compiled.outputs)
    context = VectorContext(
        name=compiled.name,
        upper=compiled.name.upper(),
        tool_version=__version__,
        model=compiled,
        inputs=inputs,
        outputs=outputs,
        call=", ".join(argument.variable for argument in (*inputs, *outputs)),
        vectors=tuple(_lines(item) for item in vectors),
        crc_rows=max(1, len(compiled.layers)),
        host_sources=host_sources,
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        text = render.render(f"handoff/test/{name}.j2", context, templates)
        (folder / name).write_bytes(text.encode())


def host_library(folder: Path, name: str) -> str:
    """Where below a hand-off the sources of the library are that this machine can compile."""
    own = f"test/{HOST_LIBRARY}"
    return own if (folder / own).is_dir() else f"library/{name}/src"


def _copy_for_host(compiled: CompiledModel, library: Path, folder: Path) -> tuple[str, ...]:
    if compiled.host_sources == compiled.sources:
        return ()
    folder.mkdir(parents=True)
    run = f"{compiled.name}_run"
    own = {file for source in compiled.host_sources for file in source.parent.glob("*.h")}
    public = (*compiled.headers, *(library / "src" / f"{run}{suffix}" for suffix in (".c", ".h")))
    for file in (*compiled.host_sources, *own, *public):
        shutil.copyfile(file, folder / file.name)
    return tuple(sorted(file.name for file in folder.glob("*.c")))


def _lines(item: Vector) -> VectorLines:
    return VectorLines(
        input=_numbers(item.input),
        output=_numbers(item.output),
        layer_crc32=tuple(f"0x{crc:08x}u" for crc in item.layer_crc32) or ("0u",),
    )


def _numbers(data: bytes) -> tuple[str, ...]:
    words = [str(byte - 256 if byte > 127 else byte) for byte in data]
    return tuple(
        ", ".join(words[start : start + VALUES_PER_LINE]) + ","
        for start in range(0, len(words), VALUES_PER_LINE)
    )
