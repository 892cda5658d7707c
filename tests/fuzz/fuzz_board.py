"""Builds and runs the coverage-guided fuzzer of the device's side of the protocol, fuzz_board.c.

    make fuzz FUZZ_SECONDS=600

libFuzzer comes with atheris, coverage from gcc's tracing, so that no other compiler is needed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from board_seeds import seeds
from fake_board import (
    SANITIZE,
    SENSOR_INCLUDE,
    SUPPORT,
    WARNINGS,
    compile_c,
    includes,
    sensor_sources,
)

from tinyflow import process

MOST_BYTES = 4096
SECONDS = 5
RUNTIME = Path(atheris.__file__).parents[1] / "libclang_rt.fuzzer_no_main.a"
TRACED = ["-fPIC", "-fsanitize-coverage=trace-pc,trace-cmp", SENSOR_INCLUDE]
TRACER = Path(__file__).with_name("trace_pc.c")
LINKED = ["-rdynamic", "-lstdc++", "-lm", "-lpthread"]


def build(folder: Path) -> Path:
    """The program: the firmware is traced, the fuzzer is not."""
    names = ("fake_model.c", "memory_port.c", "virtual_board.c")
    sources = [*(SUPPORT / name for name in names), *sensor_sources()]
    # Its own tracer goes before libFuzzer's, which only says that it is no longer supported.
    tracer = folder / "trace_pc.o"
    command = ["gcc", "-std=c99", "-O1", "-fPIC", *WARNINGS, "-c", str(TRACER), "-o", str(tracer)]
    process.run(command, what="the compiler", timeout=60)
    flags = [*SANITIZE, *TRACED, "-shared", "-Wl,-Bsymbolic", str(tracer)]
    board = compile_c(folder / "board.so", sources, flags)
    program = folder / "fuzz_board"
    source = Path(__file__).with_suffix(".c")
    command = ["gcc", "-std=c99", "-O1", *WARNINGS, *includes(), *SANITIZE, str(source)]
    command += [str(board), f"-Wl,-rpath,{folder}", str(RUNTIME), *LINKED, "-o", str(program)]
    process.run(command, what="the compiler", timeout=120)
    return program


def main() -> None:
    limits = [f"-max_len={MOST_BYTES}", f"-timeout={SECONDS}"]
    folders = [Path(name) for name in sys.argv[1:] if Path(name).is_dir()]
    for number, seed in enumerate(seeds() if folders else []):
        (folders[0] / f"seed-{number}").write_bytes(seed)
    with tempfile.TemporaryDirectory() as folder:
        program = build(Path(folder))
        raise SystemExit(subprocess.call([program, *limits, *sys.argv[1:]]))


if __name__ == "__main__":
    main()
