"""Many models in one image for an emulated board: all bytes compared there, instructions counted.

As a command it prints what each layer of .tflite files takes:

    python tests/support/kernel_image.py --board qemu-m4 [--backend armv7em] model.tflite ...
"""

from __future__ import annotations

import argparse
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from emulated import load_emulated
from numpy.typing import NDArray

from tinyflow import process
from tinyflow.artifacts import CompiledModel
from tinyflow.boards import BoardProfile
from tinyflow.compiler import Goal, compile_model
from tinyflow.compiler.host import HostModel
from tinyflow.flash import emulator
from tinyflow.generate import C_FLAGS, write_project

SUPPORT = Path(__file__).parent
NOT_OURS = ("main.c", "application.c")
SECONDS = 240.0


@dataclass(frozen=True)
class Case:
    """A .tflite and rows of bytes of all its inputs, [count, input bytes]."""

    tflite: Path
    rows: NDArray[np.int8]
    overrides: Mapping[int, str] = field(default_factory=dict)


@dataclass
class Ran:
    """What a model did: `differs` is the first wrong byte of each input's output, -1 for none.

    Ticks are in the board's unit.
    """

    compiled: CompiledModel
    differs: list[int] = field(default_factory=list)
    layers: list[int] = field(default_factory=list)
    count: int = 0


def expected_bytes(tflite: Path, rows: NDArray[np.int8], folder: Path) -> NDArray[np.int8]:
    """What the reference kernels make of the rows on this machine."""
    compiled = compile_model(tflite, folder=folder, name="expected", backend="ref")
    with HostModel(compiled) as host:
        found = []
        for row in rows:
            host.reset()
            found.append(host.invoke(row[np.newaxis])[0])
        return np.stack(found)


def run_models(
    board_name: str, cases: Sequence[Case], backend: str | None = None, **options: Any
) -> list[Ran]:
    """Compile all cases for the board, build one image, run it and collect what it says.

    `options` go to compile_model. Raises AssertionError with the output where it does not end.
    """
    board = load_emulated(board_name)
    with tempfile.TemporaryDirectory(prefix="tinyflow-image-") as place:
        folder = Path(place)
        compiled = []
        for i, case in enumerate(cases):
            own = {"goal": Goal("speed", layers=case.overrides), **options}
            compiled.append(
                compile_model(
                    case.tflite,
                    folder=folder / f"model_{i}",
                    name=f"model_{i}",
                    board=board.name,
                    backend=backend or board.backend,
                    **own,
                )
            )
        expected = [
            expected_bytes(case.tflite, case.rows, folder / f"expected_{i}")
            for i, case in enumerate(cases)
        ]
        elf = _build(board, folder, compiled, cases, expected)
        return _parse(_run(board, elf, folder / "log"), board, compiled)


def _build(
    board: BoardProfile,
    folder: Path,
    compiled: Sequence[CompiledModel],
    cases: Sequence[Case],
    expected: Sequence[NDArray[np.int8]],
) -> Path:
    project = folder / "project"
    write_project(project, compiled[0], board, "cmake")
    sources = folder / "sources"
    sources.mkdir()
    for model in compiled:
        for file in (*model.sources, *(model.path / "src").glob("*.h"), *model.headers):
            shutil.copy(file, sources)
    _write_cases(sources / "kernel_image_cases.c", compiled, cases, expected)
    port = [
        file
        for file in (project / "src").iterdir()
        if file.suffix in (".c", ".S") and file.name not in NOT_OURS
    ]
    assert board.toolchain is not None
    tool = board.toolchain
    scripted = ["-T", str(project / "linker.ld")] if tool.linker_script else []
    elf = folder / "image.elf"
    process.run(
        [
            *(tool.compiler, *tool.cpu_flags, f"-std={tool.standard}", *C_FLAGS),
            *(f"-I{place}" for place in (sources, project / "include", SUPPORT)),
            f"-I{project / 'lib' / 'tnf_runtime' / 'include'}",
            *map(str, sorted(file for file in sources.iterdir() if file.suffix in (".c", ".S"))),
            *map(str, sorted(port)),
            str(SUPPORT / "kernel_image.c"),
            *("-Wl,--gc-sections", *tool.link_flags, *scripted, "-o", str(elf)),
        ],
        timeout=SECONDS,
        what="the image's build",
    )
    return elf


def _write_cases(
    file: Path,
    compiled: Sequence[CompiledModel],
    cases: Sequence[Case],
    expected: Sequence[NDArray[np.int8]],
) -> None:
    lines = ['#include "kernel_image.h"', ""]
    lines += [f'#include "{model.name}.h"' for model in compiled]
    for model, case, wanted in zip(compiled, cases, expected, strict=True):
        for name, values in (("inputs", case.rows), ("expected", wanted)):
            text = ",".join(map(str, values.reshape(-1).tolist()))
            lines.append(f"static const int8_t {model.name}_{name}[] = {{{text}}};")
    lines.append("const image_case_t kernel_image_cases[] = {")
    for model, case in zip(compiled, cases, strict=True):
        name = model.name
        lines.append(f"{{&{name}_model, {len(case.rows)}, {name}_inputs, {name}_expected}},")
    arena = max(16, *(model.arena_bytes for model in compiled))
    lines += ["};", f"const uint32_t kernel_image_count = {len(cases)};"]
    lines.append(f"int8_t kernel_image_arena[{arena}] __attribute__((aligned(16)));")
    file.write_text("\n".join(lines) + "\n")


def _run(board: BoardProfile, elf: Path, log: Path) -> str:
    settings = board.qemu
    assert settings is not None
    program = emulator.find_program(board, settings)
    given = (f"-{settings.image}", str(elf))
    with emulator.running(program, board, settings, given, log) as (_, address):
        host, _, port = address.removeprefix("socket://").partition(":")
        with socket.create_connection((host, int(port)), timeout=SECONDS) as console:
            console.sendall(b"g")
            said = b""
            while not said.endswith(b"end\n"):
                part = console.recv(65536)
                assert part, said[-2000:]
                said += part
    return said.decode()


def _parse(said: str, board: BoardProfile, compiled: Sequence[CompiledModel]) -> list[Ran]:
    found = [Ran(model) for model in compiled]
    ratio = board.counter.multiply / board.counter.divide
    for line in said.splitlines():
        numbers = [int(number) for number in re.findall(r"-?\d+", line)]
        if " differs " in line:
            found[numbers[0]].differs.append(numbers[2])
        elif " layer " in line:
            found[numbers[0]].layers.append(round(numbers[2] * ratio))
        elif " ticks " in line:
            found[numbers[0]].count = round(numbers[1] * ratio)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--board", required=True)
    parser.add_argument("--backend")
    parser.add_argument("--rows", type=int, default=3)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--optimize", default="balanced")
    given = parser.parse_args()
    rng = np.random.default_rng(7)
    for tflite in given.models:
        with tempfile.TemporaryDirectory() as place:
            spec = compile_model(tflite, folder=Path(place) / "m", name="model")
        size = sum(tensor.size_bytes for tensor in spec.inputs)
        rows = rng.integers(-128, 128, (given.rows, size)).astype(np.int8)
        goal = Goal(given.optimize)
        (ran,) = run_models(given.board, [Case(tflite, rows)], given.backend, goal=goal)
        sys.stdout.write(f"{tflite.name}: differs {ran.differs}, {ran.count:,} per inference\n")
        for layer, count in zip(ran.compiled.layers, ran.layers, strict=True):
            per = f"{count / layer.macs:7.3f}/MAC" if layer.macs else ""
            sys.stdout.write(
                f"  {layer.index:3} {layer.op:20} {layer.variant:10} {count:11,} {per:12} "
                f"scratch {layer.scratch_bytes:6,} {layer.outputs[0].shape}\n"
            )


if __name__ == "__main__":
    main()
