"""What telemetry takes on an emulated board, in its own instructions.

As a command it prints the table of docs/telemetry.md:

    PYTHONPATH=tests/support python tests/support/drift_image.py
"""

from __future__ import annotations

import re
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from drift_device import SOURCES, model_source, reference_source
from emulated import load_emulated
from kernel_image import NOT_OURS, SECONDS, SUPPORT
from small_model import small
from tflite_writer import write_tflite

from tinyflow import drift, paths, process
from tinyflow.artifacts import TensorSpec
from tinyflow.compiler import compile_model
from tinyflow.flash import emulator
from tinyflow.generate import C_FLAGS, write_project

# The inputs and outputs of MLPerf Tiny's models, and what an inference takes on qemu-m4: the
# benchmarks' counts. Their values do not matter, only how many there are.
MODELS: Mapping[str, tuple[tuple[int, ...], int]] = {
    "kws": ((1, 49, 10, 1), 12),
    "vww": ((1, 96, 96, 3), 2),
    "ic": ((1, 32, 32, 3), 10),
    "ad": ((1, 640), 640),
}
KWS_INSTRUCTIONS = 2_736_409  # of one inference on qemu-m4, without telemetry
WINDOW = 64


@dataclass(frozen=True)
class Cost:
    """Instructions of telemetry for an inference: on average, where it ends a window and all is
    scored, and without a reference, which is what counts and classes take."""

    average: float
    worst: float
    plain: float


def measure(board_name: str, shape: tuple[int, ...], outputs: int) -> Cost:
    """What telemetry takes of an inference with an int8 input and outputs of these sizes."""
    board = load_emulated(board_name)
    given = TensorSpec("x", shape, 1.0, 0)
    wanted = TensorSpec("y", (1, outputs), 1 / 256, -128)
    chance = np.random.default_rng(1)
    data = [
        chance.integers(-128, 128, (40, spec.elements)).astype(np.int8) for spec in (given, wanted)
    ]
    reference = drift.reference([given], [wanted], *data, window=WINDOW, false_alarm_rate=0.1)
    with tempfile.TemporaryDirectory(prefix="tinyflow-drift-") as place:
        folder = Path(place)
        model = folder / "small.tflite"
        model.write_bytes(write_tflite(small()))
        project = folder / "project"
        write_project(project, compile_model(model, folder=folder / "c"), board, "cmake")
        size = given.elements + wanted.elements
        (folder / "reference.c").write_text(reference_source(reference))
        (folder / "model.c").write_text(
            model_source([given], [wanted])
            + "extern int8_t drift_image_memory[];\nextern const uint32_t drift_image_bytes;\n"
            + f"int8_t drift_image_memory[{size}];\nconst uint32_t drift_image_bytes = {size};\n"
        )
        port = [
            file
            for file in (project / "src").iterdir()
            if file.suffix in (".c", ".S") and file.name not in NOT_OURS
        ]
        runtime = paths.data_folder("firmware") / "runtime"
        assert board.toolchain is not None
        tool = board.toolchain
        scripted = ["-T", str(project / "linker.ld")] if tool.linker_script else []
        elf = folder / "image.elf"
        process.run(
            [
                *(tool.compiler, *tool.cpu_flags, f"-std={tool.standard}", *C_FLAGS),
                *(f"-I{project / name}" for name in ("include", "lib/tnf_runtime/include")),
                f"-I{project / 'lib' / 'small' / 'include'}",
                *(str(runtime / name) for name in SOURCES),
                *(str(folder / name) for name in ("reference.c", "model.c")),
                *map(str, sorted(port)),
                str(SUPPORT / "drift_image.c"),
                *("-Wl,--gc-sections", *tool.link_flags, *scripted, "-o", str(elf)),
            ],
            timeout=SECONDS,
            what="the image's build",
        )
        settings = board.qemu
        assert settings is not None
        program = emulator.find_program(board, settings)
        given_image = (f"-{settings.image}", str(elf))
        with emulator.running(program, board, settings, given_image, folder / "log") as (_, at):
            host, _, number = at.removeprefix("socket://").partition(":")
            with socket.create_connection((host, int(number)), timeout=SECONDS) as console:
                console.sendall(b"g")
                said = b""
                while b"end 0\n" not in said:
                    part = console.recv(65536)
                    assert part, said[-2000:]
                    said += part
    found = {name: int(value) for name, value in re.findall(r"(\w+) (\d+)\n", said.decode())}
    assert found["windows"] == 1, found
    ratio = board.counter.multiply / board.counter.divide
    return Cost(found["whole"] * ratio / WINDOW, found["last"] * ratio, found["plain"] * ratio)


def table(board: str = "qemu-m4") -> str:
    """The figures as a table in Markdown."""
    rows = [
        "| input and outputs of | instructions, mean | where it scores | without a reference |",
        "|---|---|---|---|",
    ]
    for name, (shape, outputs) in MODELS.items():
        cost = measure(board, shape, outputs)
        rows.append(f"| {name} | {cost.average:,.0f} | {cost.worst:,.0f} | {cost.plain:,.0f} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
