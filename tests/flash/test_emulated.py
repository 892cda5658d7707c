"""Boards that are programs on this machine: started, answering, and never left behind."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from emulated import load_emulated

from tinyflow import build, cache, compiler, device, flash, generate, process
from tinyflow.artifacts import CompiledModel, FirmwareImage, FlashedBoard
from tinyflow.compiler.host import HostModel
from tinyflow.errors import DeviceError, ProjectError, ToolError

MODELS = Path(__file__).parents[1] / "models"
BOARDS = [
    *("native", "qemu-m4", "qemu-m3", "qemu-m7", "qemu-m33", "qemu-m55", "qemu-riscv32"),
    *("microbit", "stm32f405", "qemu-lx6", "arduino-mega"),
]
EMULATED = BOARDS[1:]
Images = Callable[..., FirmwareImage]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> CompiledModel:
    folder = tmp_path_factory.mktemp("model") / "digits"
    return compiler.compile_model(MODELS / "digits.tflite", folder=folder)


@pytest.fixture(scope="module")
def images(model: CompiledModel, tmp_path_factory: pytest.TempPathFactory) -> Images:
    """The image for a board, built when it is first asked for."""

    @functools.cache
    def image(name: str, heartbeat_ms: int = 1000) -> FirmwareImage:
        board, folder = load_emulated(name), tmp_path_factory.mktemp(name)
        project = generate.write_project(
            folder / "project", model, board, "cmake", heartbeat_ms=heartbeat_ms
        )
        return build.build(project, board, folder / "image")

    return image


def gone(pid: int, seconds: float = 5.0) -> bool:
    """Whether a process that is not this one's child ends."""
    deadline = time.monotonic() + seconds
    while process.is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not process.is_running(pid)


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_boots_and_computes_what_the_host_computes(
    name: str, model: CompiledModel, images: Images
) -> None:
    inputs = np.random.default_rng(3).integers(-128, 128, (3, model.input.size_bytes), np.int8)
    with HostModel(model) as host:
        wanted = host.invoke(inputs)
    runs = []
    for _ in range(2):
        with (
            flash.flash(images(name), load_emulated(name), None) as flashed,
            device.connect(flashed) as dut,
        ):
            assert dut.hello.board == name
            assert dut.hello.build_id == flashed.build_id
            answers = [dut.infer(row) for row in inputs]
        outputs = np.stack([np.frombuffer(answer.output, np.int8) for answer in answers])
        assert (outputs == wanted).all()
        runs.append([answer.count for answer in answers])
    assert min(runs[0]) > 0
    if name != "native":
        assert runs[0] == runs[1]


@pytest.mark.parametrize("name", ["native", "qemu-m4"])
def test_a_port_can_be_closed_and_opened_again(name: str, images: Images) -> None:
    with flash.flash(images(name), load_emulated(name), None) as flashed:
        for _ in range(3):
            with device.connect(flashed) as dut:
                assert dut.hello.board == name


@pytest.mark.parametrize("name", ["native", "qemu-riscv32"])
def test_a_board_nobody_listened_to_answers_when_asked(name: str, images: Images) -> None:
    """Unread heartbeats fill every buffer on the way; they must not block the board for good."""
    with flash.flash(images(name, heartbeat_ms=1), load_emulated(name), None) as flashed:
        time.sleep(1.0)
        with device.connect(flashed) as dut:
            dut.configure(heartbeat_ms=0)
            assert dut.telemetry().uptime_ms > 0


@pytest.mark.parametrize("name", ["native", "qemu-m4"])
def test_a_board_ends_with_its_block_however_that_ends(name: str, images: Images) -> None:
    with flash.flash(images(name), load_emulated(name), None) as flashed:
        assert process.is_running(flashed.process)
    assert not process.is_running(flashed.process)

    def interrupted() -> FlashedBoard:
        with flash.flash(images(name), load_emulated(name), None) as started:
            boards.append(started)
            raise KeyboardInterrupt
        return started

    boards: list[FlashedBoard] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not process.is_running(boards[0].process)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a program with its parent")
@pytest.mark.parametrize("name", ["native", "qemu-m4"])
def test_a_board_does_not_outlive_a_killed_tinyflow(
    name: str, images: Images, tmp_path: Path
) -> None:
    image = images(name)
    script = tmp_path / "start.py"
    script.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tinyflow import boards, flash\n"
        "from tinyflow.artifacts import FirmwareImage\n"
        "image = FirmwareImage('', 'cmake', Path(sys.argv[2]), (), '', 0, 0, 0, 0, 0, '', '')\n"
        "with flash.flash(image, boards.load_board(sys.argv[1]), None) as flashed:\n"
        "    print(flashed.process, flush=True)\n"
        "    time.sleep(60)\n",
        encoding="utf-8",
    )
    with subprocess.Popen(
        [sys.executable, str(script), name, str(image.elf)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert process.is_running(pid)
        parent.kill()
    assert gone(pid)


def test_an_emulator_that_dies_at_once_is_told_with_its_words(
    images: Images, tmp_path: Path
) -> None:
    board = load_emulated("qemu-m4")
    assert board.qemu is not None
    broken = replace(board, qemu=replace(board.qemu, arguments=("-machine", "nonsense")))
    log = tmp_path / "log" / "flash.log"
    with (
        pytest.raises(ToolError) as told,
        flash.flash(images("qemu-m4"), broken, None, log=log),
    ):
        pass
    text = str(told.value)
    assert told.value.what == "qemu-system-arm did not start board qemu-m4"
    assert "ended with exit status 1" in text
    assert "unsupported machine type" in text
    assert f"log: {log}" in text
    assert "unsupported machine type" in log.read_text(encoding="utf-8")


def test_a_missing_emulator_is_told_with_the_way_to_get_it(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = images("qemu-m4")
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(ToolError) as told,
        flash.flash(image, load_emulated("qemu-m4"), None),
    ):
        pass
    assert told.value.what == "qemu-system-arm is not installed, or not on PATH"
    assert told.value.hints == ("tinyflow doctor --board qemu-m4 --install",)


def test_a_program_on_this_machine_takes_no_port(images: Images) -> None:
    with (
        pytest.raises(ProjectError, match="takes no port"),
        flash.flash(images("native"), load_emulated("native"), "/dev/ttyUSB0"),
    ):
        pass


@pytest.mark.parametrize(("name", "what"), [("native", "board's process"), ("qemu-m4", "emulator")])
def test_a_board_that_dies_mid_run_is_told_within_seconds(
    name: str, what: str, model: CompiledModel, images: Images
) -> None:
    begun = time.monotonic()
    with (
        pytest.raises(DeviceError) as told,
        flash.flash(images(name), load_emulated(name), None) as flashed,
        device.connect(flashed) as dut,
    ):
        dut.infer(bytes(model.input.size_bytes))
        os.kill(flashed.process, signal.SIGKILL)
        dut.infer(bytes(model.input.size_bytes))
    assert f"{what} had ended with signal 9" in str(told.value)
    assert time.monotonic() - begun < 15


def test_the_image_is_the_one_that_was_built(images: Images) -> None:
    image = images("qemu-m4")
    assert cache.file_sha256(image.images[0].path) == image.sha256
