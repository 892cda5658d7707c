"""Code for Espressif's chips, run in QEMU's own releases, which emulate cores of the same kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyflow import build, compiler, device, flash, generate
from tinyflow.boards import load_board
from tinyflow.compiler.host import HostModel

MODELS = Path(__file__).parents[1] / "models"


@pytest.mark.parametrize(("chip", "name"), [("esp32", "qemu-lx6"), ("esp32c3", "qemu-riscv32")])
def test_code_for_an_espressif_chip_computes_what_the_host_computes(
    chip: str, name: str, tmp_path: Path
) -> None:
    """What the chip's compiler makes with the chip's flags, on an emulated core of its kind."""
    wanted, board = load_board(chip).toolchain, load_board(name)
    assert wanted is not None
    assert board.toolchain is not None
    assert wanted.prefix == board.toolchain.prefix
    same = replace(board.toolchain, cpu_flags=wanted.cpu_flags)
    board = replace(board, toolchain=same)
    model = compiler.compile_model(MODELS / "digits.tflite", folder=tmp_path / "model")
    project = generate.write_project(tmp_path / "project", model, board, "cmake")
    inputs = np.random.default_rng(4).integers(-128, 128, (2, model.input.size_bytes), np.int8)
    with HostModel(model) as host:
        expected = host.invoke(inputs)
    image = build.build(project, board, tmp_path / "image")
    with flash.flash(image, board, None) as flashed, device.connect(flashed) as dut:
        outputs = [np.frombuffer(dut.infer(row).output, np.int8) for row in inputs]
    assert (np.stack(outputs) == expected).all()
