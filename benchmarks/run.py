"""Measures models on every emulated core and compares them with the field's standard runtime.

    python benchmarks/run.py            measure, compare with results.json, tell what changed
    python benchmarks/run.py --update   and write results.json and the tables of README.md

Counts are executed instructions of one inference in QEMU, exact and the same every time; bytes are
those of the linker's map file. Every layer's bytes must be those of the reference kernels.
Compilers of other releases give other figures: results.json names those it was measured with.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyflow import pipeline, process
from tinyflow.boards import load_board
from tinyflow.compiler import compile_model
from tinyflow.compiler.host import HostModel
from tinyflow.pipeline import profile as profiles
from tinyflow.pipeline.inputs import seeded_inputs

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
DOCUMENT = HERE / "README.md"
MARK = "<!-- The tables below are written by run.py --update. -->\n"
SHARED = HERE.parents[1] / "shared"
MODELS = {
    "digits": HERE.parent / "tests" / "models" / "digits.tflite",
    "kws": SHARED / "models" / "mlperf_tiny" / "kws_ref_model.tflite",
    "vww": SHARED / "models" / "mlperf_tiny" / "vww_96_int8.tflite",
    "ic": SHARED / "models" / "mlperf_tiny" / "pretrainedResnet_quant.tflite",
    "ad": SHARED / "models" / "mlperf_tiny" / "ad01_int8.tflite",
}
BASELINE = SHARED / "baseline" / "tflm_cmsis_nn.csv"
# Board by core, the core as the baseline calls it.
CORES = {
    "m4": "qemu-m4",
    "m7": "qemu-m7",
    "m33": "qemu-m33",
    "m55": "qemu-m55",
    "m3": "qemu-m3",
    "m0": "qemu-m0",
    "rv32": "qemu-riscv32",
    "lx6": "qemu-lx6",
}
GOALS = ("balanced", "speed", "size")
FIGURES = ("instructions", "flash_bytes", "code_bytes", "arena_bytes", "scratch_bytes")

Key = tuple[str, str, str]
"""Core, model, goal."""


@dataclass(frozen=True)
class Result:
    """One model on one core. `flash_bytes` is the inference library: code, constants, weights."""

    instructions: int
    flash_bytes: int
    code_bytes: int
    arena_bytes: int
    scratch_bytes: int


def run_one(core: str, model: str, goal: str, folder: Path) -> Result:
    """Build, run and measure; `folder` is scratch.

    Raises AssertionError where a layer's bytes are not those of the reference kernels.
    """
    walk = pipeline.start(board=CORES[core], model=MODELS[model], folder=folder, optimize=goal)
    found = profiles.profile(walk)
    compiled = walk.compiled()
    row = seeded_inputs(compiled.inputs, 5, walk.seed)[-1]
    expected = reference_crcs(MODELS[model], row)
    for layer, counted in zip(compiled.layers, found.layers, strict=True):
        assert counted.crc32 == expected[layer.node], (core, model, goal, layer.name)
    return Result(
        instructions=found.count,
        flash_bytes=found.footprint.library_flash_bytes,
        code_bytes=found.footprint.library_code_bytes,
        arena_bytes=found.arena_bytes,
        scratch_bytes=compiled.scratch_bytes,
    )


def reference_crcs(model: Path, row: Any) -> dict[int, int]:
    """The CRC-32 of each node's output, as the reference kernels compute it on this machine."""
    with tempfile.TemporaryDirectory() as place:
        compiled = compile_model(model, folder=Path(place) / "c", name="reference", backend="ref")
        with HostModel(compiled) as host:
            made = zip(compiled.layers, host.layers(row), strict=True)
            return {layer.node: zlib.crc32(data.tobytes()) for layer, data in made}


def baseline() -> dict[tuple[str, str], tuple[int, int]]:
    """Instructions and flash of TensorFlow Lite Micro with CMSIS-NN, by core and model.

    Flash is that of the registration with int8 kernels alone where it was measured.
    """
    if not BASELINE.is_file():
        return {}
    counts: dict[tuple[str, str], int] = {}
    flash: dict[tuple[str, str], int] = {}
    with BASELINE.open(newline="") as file:
        for row in csv.DictReader(file):
            if (row["kernels"], row["flags"]) != ("cmsis_nn", "tflm_default"):
                continue
            key = (row["core"], row["model"])
            if row["registration"] == "default":
                counts[key] = int(row["instructions"])
                flash.setdefault(key, int(row["flash_bytes"]))
            else:
                flash[key] = int(row["flash_bytes"])
    return {key: (counts[key], flash[key]) for key in counts}


def read_results(file: Path = RESULTS) -> dict[Key, Result]:
    """What was measured when results.json was last written."""
    if not file.is_file():
        return {}
    rows = json.loads(file.read_text(encoding="utf-8"))["results"]
    return {
        (row["core"], row["model"], row["goal"]): Result(*(row[name] for name in FIGURES))
        for row in rows
    }


def compilers() -> dict[str, str]:
    """The compiler of each core's board, as it names itself."""
    found = {}
    for core, name in CORES.items():
        tools = load_board(name).toolchain
        if tools is not None and process.find_program(tools.compiler) is not None:
            told = process.run([tools.compiler, "--version"], timeout=30.0).stdout
            found[core] = told.splitlines()[0]
    return found


def write_results(found: Mapping[Key, Result], file: Path = RESULTS) -> None:
    """A line for each result: a diff that can be read."""
    rows = [
        json.dumps(dict(zip(("core", "model", "goal"), key, strict=True)) | vars(result))
        for key, result in sorted(found.items(), key=lambda item: _order(item[0]))
    ]
    head = json.dumps({"compilers": compilers()})[:-1]
    body = ",\n".join(rows)
    file.write_text(f'{head}, "results": [\n{body}\n]}}\n', encoding="utf-8")


def _order(key: Key) -> tuple[int, int, int]:
    core, model, goal = key
    return list(CORES).index(core), list(MODELS).index(model), GOALS.index(goal)


def changed(before: Mapping[Key, Result], now: Mapping[Key, Result]) -> list[str]:
    """What is not as it was, worse ones marked."""
    lines = []
    for key, result in now.items():
        was = before.get(key)
        for name in FIGURES:
            new, old = getattr(result, name), getattr(was, name, None)
            if old is None or new == old:
                continue
            word = "worse " if new > old else "better"
            lines.append(
                f"{word} {' '.join(key)} {name}: {old:,} -> {new:,} ({new / old - 1:+.1%})"
            )
    return lines


def table(found: Mapping[Key, Result]) -> list[str]:
    """Instructions of each core and model, and how they compare with the baseline."""
    known = baseline()
    lines = [f"{'core':5} {'model':7} {'goal':9} {'instructions':>13} {'TFLM':>13} {'ratio':>6} "
             f"{'flash':>9} {'TFLM':>9} {'code':>7} {'arena':>8} {'scratch':>8}"]  # fmt: skip
    for key in sorted(found, key=_order):
        core, model, goal = key
        result = found[key]
        theirs = known.get((core, model))
        count = f"{theirs[0]:,}" if theirs else ""
        ratio = f"{theirs[0] / result.instructions:.2f}" if theirs else ""
        flash = f"{theirs[1]:,}" if theirs else ""
        lines.append(
            f"{core:5} {model:7} {goal:9} {result.instructions:13,} {count:>13} {ratio:>6} "
            f"{result.flash_bytes:9,} {flash:>9} {result.code_bytes:7,} "
            f"{result.arena_bytes:8,} {result.scratch_bytes:8,}"
        )
    return lines


def document(found: Mapping[Key, Result]) -> str:
    """Tables of all results, as README.md has them."""
    known = baseline()
    parts = []
    for core, board in CORES.items():
        lines = [
            f"### {core} ({board})",
            "",
            "| model | goal | instructions | TFLM | times fewer "
            "| flash B | TFLM | code B | arena B |",
            "|---|---|---:|---:|---:|---:|---:|---:|---:|",
        ]
        for key in sorted((key for key in found if key[0] == core), key=_order):
            result, theirs = found[key], known.get(key[:2])
            count, flash = (f"{theirs[0]:,}", f"{theirs[1]:,}") if theirs else ("", "")
            ratio = f"{theirs[0] / result.instructions:.2f}" if theirs else ""
            cells = (
                *(key[1], key[2], f"{result.instructions:,}", count, ratio),
                *(f"{result.flash_bytes:,}", flash),
                *(f"{result.code_bytes:,}", f"{result.arena_bytes:,}"),
            )
            lines.append(f"| {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def write_document(found: Mapping[Key, Result]) -> None:
    """Put the tables into README.md. Without the baseline's file they stay as they are."""
    if BASELINE.is_file():
        head = DOCUMENT.read_text(encoding="utf-8").partition(MARK)[0]
        DOCUMENT.write_text(f"{head}{MARK}\n{document(found)}\n", encoding="utf-8")


def measured(
    cores: Iterable[str], models: Iterable[str], goals: Iterable[str], say: Any = lambda text: None
) -> dict[Key, Result]:
    """All combinations of which the model is there."""
    found: dict[Key, Result] = {}
    wanted = [m for m in models if MODELS[m].is_file()]
    with tempfile.TemporaryDirectory(prefix="tinyflow-benchmarks-") as place:
        for core in cores:
            for model in wanted:
                for goal in goals:
                    say(f"{core} {model} {goal}")
                    found[core, model, goal] = run_one(core, model, goal, Path(place))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and what changed; exit status 1 where something is worse."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--update", action="store_true", help="write results.json")
    parser.add_argument("--core", action="append", choices=CORES)
    parser.add_argument("--model", action="append", choices=MODELS)
    parser.add_argument("--goal", action="append", choices=GOALS)
    given = parser.parse_args(arguments)
    for name, file in MODELS.items():
        if not file.is_file():
            sys.stderr.write(f"{name}: {file} is not there, left out\n")
    found = measured(
        given.core or CORES,
        given.model or MODELS,
        given.goal or GOALS,
        lambda text: sys.stderr.write(f"{text}\n"),
    )
    sys.stdout.write("\n".join(table(found)) + "\n")
    before = read_results()
    differences = changed(before, found)
    sys.stdout.write("".join(f"{line}\n" for line in differences))
    if given.update:
        kept = {**before, **found}
        write_results(kept)
        write_document(kept)
        return 0
    return int(any(line.startswith("worse") for line in differences))


if __name__ == "__main__":
    sys.exit(main())
