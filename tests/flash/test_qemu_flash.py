"""Emulated chips whose flash only their own loader writes: Espressif's QEMU, or a stand-in."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import serial

from tinyflow import build, compiler, device, flash, generate, process
from tinyflow.artifacts import CompiledModel, FirmwareImage
from tinyflow.boards import load_board
from tinyflow.compiler.host import HostModel
from tinyflow.errors import ProjectError, ToolError
from tinyflow.flash import qemu_flash

TESTS = Path(__file__).parents[1]
CHIPS = ["esp32", "esp32c3"]
MEGABYTE = 1 << 20
Images = Callable[[str], FirmwareImage]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> CompiledModel:
    folder = tmp_path_factory.mktemp("model") / "digits"
    return compiler.compile_model(TESTS / "models" / "digits.tflite", folder=folder)


@pytest.fixture(scope="module")
def images(model: CompiledModel, tmp_path_factory: pytest.TempPathFactory) -> Images:
    """The image for a chip, built when it is first asked for."""

    @functools.cache
    def image(name: str) -> FirmwareImage:
        board, folder = load_board(name).for_runner("qemu"), tmp_path_factory.mktemp(name)
        project = generate.write_project(folder / "project", model, board, "cmake")
        return build.build(project, board, folder / "image")

    return image


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, machines: str) -> None:
    """Put a program called like the emulators first on PATH."""
    places = ":".join([str(TESTS / "support"), *sys.path])
    for program in ("qemu-system-xtensa", "qemu-system-riscv32"):
        (folder / program).write_text(
            f'#!/bin/sh\nPYTHONPATH="{places}" exec "{sys.executable}" '
            f'"{TESTS / "support" / "fake_esp_qemu.py"}" "$@"\n',
            encoding="utf-8",
        )
        (folder / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{process.environment()['PATH']}")
    monkeypatch.setenv("MACHINES", machines)


@pytest.mark.parametrize("name", CHIPS)
def test_the_chip_starts_with_what_esptool_has_written(
    name: str, images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = images(name)
    stand_in(tmp_path, monkeypatch, "sim esp32 esp32c3")
    board = load_board(name).for_builder("cmake").for_runner("qemu")
    assert board.emulated
    content = bytearray(b"\xff" * (4 * MEGABYTE))
    for file in image.images:
        written = file.path.read_bytes()
        content[file.offset : file.offset + len(written)] = written
    with (
        flash.flash(image, board, None) as flashed,
        serial.serial_for_url(flashed.port, timeout=10) as console,
    ):
        assert process.is_running(flashed.process)
        told = console.read_until(b"\n").strip().decode()
    assert told == hashlib.sha256(content).hexdigest()
    assert not process.is_running(flashed.process)


def test_an_emulator_without_the_machine_is_told_with_the_one_that_has_it(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = images("esp32")
    stand_in(tmp_path, monkeypatch, "sim esp32c3 esp32s3")
    board = load_board("esp32").for_builder("cmake").for_runner("qemu")
    with pytest.raises(ToolError) as told, flash.flash(image, board, None):
        pass
    assert told.value.what == f"{tmp_path}/qemu-system-xtensa does not emulate esp32"
    assert any("idf_tools.py install" in hint for hint in told.value.hints)


def test_an_image_of_another_builder_is_told_with_the_one_to_take(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = dataclasses.replace(images("esp32"), builder="platformio")
    stand_in(tmp_path, monkeypatch, "esp32")
    board = load_board("esp32").for_runner("qemu")
    with (
        pytest.raises(ProjectError, match="this one is platformio's") as told,
        flash.flash(image, board, None),
    ):
        pass
    assert told.value.hints == ("tinyflow deploy --board esp32 --builder cmake --runner qemu",)


@pytest.mark.parametrize("size", ["4", "detect", "MB", "-1MB"])
def test_a_flash_size_that_is_not_in_megabytes_is_told(size: str) -> None:
    with pytest.raises(ProjectError, match=f"esptool.flash_size is {size}"):
        qemu_flash._flash_bytes(size)


def machines(program: str) -> str:
    if process.find_program(program) is None:
        return ""
    listed = subprocess.run([program, "-machine", "help"], capture_output=True, text=True)
    return listed.stdout


@pytest.mark.parametrize("name", CHIPS)
def test_the_emulated_chip_boots_and_computes_what_the_host_computes(
    name: str, model: CompiledModel, images: Images
) -> None:
    board = load_board(name).for_builder("cmake").for_runner("qemu")
    assert board.qemu is not None
    if f"\n{name} " not in machines(board.qemu.program):
        pytest.skip(f"{board.qemu.program} has no machine {name} (Espressif's release has)")
    inputs = np.random.default_rng(3).integers(-128, 128, (3, model.input.size_bytes), np.int8)
    with HostModel(model) as host:
        wanted = host.invoke(inputs)
    with (
        flash.flash(images(name), board, None) as flashed,
        device.connect(flashed) as dut,
    ):
        assert dut.hello.build_id == flashed.build_id
        assert dut.hello.clock_hz > 0
        answers = [dut.infer(row) for row in inputs]
        assert dut.telemetry().inferences == len(inputs)
    outputs = np.stack([np.frombuffer(answer.output, np.int8) for answer in answers])
    assert (outputs == wanted).all()
