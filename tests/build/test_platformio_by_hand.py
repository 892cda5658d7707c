"""A generated project in the hands of a PlatformIO user, without tinyflow."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tinyflow import device, process
from tinyflow.artifacts import FirmwareProject, FlashedBoard
from tinyflow.boards import BoardProfile, load_board
from tinyflow.build import platformio_packages

Generate = Callable[[BoardProfile, str, Path], FirmwareProject]


@pytest.fixture
def user_environment(tmp_path: Path) -> dict[str, str]:
    """A PlatformIO of a user's own, which has SCons and nothing else."""
    scons = platformio_packages.install_scons()
    packages = tmp_path / "core" / "packages"
    packages.mkdir(parents=True)
    (packages / scons.name).symlink_to(scons)
    own = platformio_packages.environment("tinyflow")
    return {**own, "PLATFORMIO_CORE_DIR": str(tmp_path / "core")}


@contextlib.contextmanager
def uploading(folder: Path, port: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    """`pio run -t upload`, which starts the emulator and stays; ended with the block."""
    pio = [sys.executable, "-m", "platformio", "run", "-d", str(folder)]
    with log.open("wb") as sink:
        child = process.start(
            [*pio, "-t", "upload", "--upload-port", port],
            env=environment,
            stdout=sink,
            stderr=sink,
        )
        try:
            yield
        finally:
            process.stop(child)


def wait_for(port: int, seconds: float = 120.0) -> None:
    """Wait until something listens on a local TCP port."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the emulator was not started"
            time.sleep(0.1)


@pytest.mark.parametrize("name", ["qemu-m4", "qemu-riscv32"])
def test_upload_starts_the_image_in_the_emulator(
    name: str, generate_project: Generate, tmp_path: Path, user_environment: dict[str, str]
) -> None:
    firmware = generate_project(load_board(name), "platformio", tmp_path / "my project")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    port = f"socket://127.0.0.1:{number}"
    log = tmp_path / "upload.log"
    with uploading(firmware.path, port, user_environment, log):
        wait_for(number)
        flashed = FlashedBoard(name, port, 115200, firmware.model_sha256, firmware.build_id)
        with device.connect(flashed, timeout=30) as dut:
            assert dut.hello.board == name
            assert dut.hello.build_id == firmware.build_id
    assert "Starting" in log.read_text()


def test_two_projects_of_one_user_keep_their_platforms_apart(
    generate_project: Generate, tmp_path: Path, user_environment: dict[str, str]
) -> None:
    """PlatformIO remembers a linked platform by its folder's name, for all projects."""
    board = load_board("qemu-m4")
    projects = [generate_project(board, "platformio", tmp_path / place) for place in "ab"]
    # As if it were from another tinyflow: another content, so another name.
    (old,) = (projects[1].path / "platform").iterdir()
    manifest = old / "platform.json"
    manifest.write_text(manifest.read_text().replace('"1.0.0"', '"0.9.0"'))
    other = old.rename(old.with_name("tinyflow-01234567"))
    settings = projects[1].path / "platformio.ini"
    settings.write_text(settings.read_text().replace(old.name, other.name))
    for project, version in zip(projects, ("1.0.0", "0.9.0"), strict=True):
        done = process.run(
            [sys.executable, "-m", "platformio", "run", "-d", str(project.path), "-t", "size"],
            env=user_environment,
            timeout=120,
        )
        assert f"PLATFORM: tinyflow ({version})" in done.stdout
        assert "firmware.elf" in done.stdout
