"""Whole random networks with each backend's kernels, placed by the planner: every byte the same.

On this machine with twins of the assembly, in emulators with the kernels themselves.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kernel_image import Case, run_models
from kernel_networks import kernel_network
from tflite_writer import write_tflite
from twin_model import twin_model

from tinyflow.compiler import Goal, compile_model
from tinyflow.compiler.host import HostModel
from tinyflow.compiler.packing import BACKENDS

BOARDS = {
    "armv6m": "qemu-m0",
    "armv7m": "qemu-m3",
    "armv7em": "qemu-m4",
    "mve": "qemu-m55",
    "rv32": "qemu-riscv32",
    "lx6": "qemu-lx6",
    "portable": "qemu-m4",
}
ON_HOST, EMULATED = 5, 10


def model(seed: int, folder: Path) -> tuple[Path, np.ndarray]:
    graph = kernel_network(seed)
    file = folder / f"network_{seed}.tflite"
    file.write_bytes(write_tflite(graph))
    size = sum(graph.tensors[tensor].size_bytes for tensor in graph.inputs)
    rows = np.random.default_rng(seed).integers(-128, 128, (3, size)).astype(np.int8)
    rows[1] = 127
    rows[2] = -128
    return file, rows


@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "ref"])
@pytest.mark.parametrize("least_ram", [False, True])
def test_on_this_machine(backend: str, least_ram: bool, tmp_path: Path) -> None:
    for seed in range(ON_HOST):
        tflite, rows = model(seed, tmp_path)
        plain = compile_model(tflite, folder=tmp_path / f"ref_{seed}", name="model")
        fast = compile_model(
            tflite,
            folder=tmp_path / f"fast_{seed}",
            name="model",
            backend=backend,
            goal=Goal("speed"),
            least_ram=least_ram,
        )
        with HostModel(plain) as one, twin_model(fast, tmp_path / f"{seed}.so") as other:
            np.testing.assert_array_equal(other.invoke(rows), one.invoke(rows), f"seed {seed}")


@pytest.mark.parametrize("backend", sorted(BOARDS))
@pytest.mark.parametrize("least_ram", [False, True])
def test_in_the_emulator(backend: str, least_ram: bool, tmp_path: Path) -> None:
    cases = [Case(*model(seed, tmp_path)) for seed in range(100, 100 + EMULATED)]
    for number, ran in enumerate(run_models(BOARDS[backend], cases, backend, least_ram=least_ram)):
        assert ran.differs == [-1, -1, -1], (
            number,
            [layer.variant for layer in ran.compiled.layers],
        )
