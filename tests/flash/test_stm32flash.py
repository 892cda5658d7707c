"""Real stm32flash writes through the ROM bootloader's protocol into a flash array."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import serial
from serial_peer import Noise, SerialPeer
from small_image import small_image
from stm32_rom import FLASH, GO, STM32F411_ID, Stm32Rom

from tinyflow import flash, process, progress, tools
from tinyflow.artifacts import FirmwareImage
from tinyflow.boards import load_board
from tinyflow.errors import DeviceError, ProjectError, ToolError
from tinyflow.flash import stm32flash
from tinyflow.tools import look

BOARD = load_board("stm32f405").for_runner("stm32flash")
SIZE = 19_001

pytestmark = pytest.mark.skipif(process.which("stm32flash") is None, reason="no stm32flash")


@pytest.fixture
def image(tmp_path: Path) -> FirmwareImage:
    """A binary over two sectors of flash, not a multiple of four bytes."""
    return small_image(tmp_path, BOARD.name, FLASH, SIZE)


def holds(chip: Stm32Rom, image: FirmwareImage) -> bool:
    return bytes(chip.flash[:SIZE]) == image.images[0].path.read_bytes()


def write(image: FirmwareImage, port: str | None) -> None:
    with flash.flash(image, BOARD, port):
        pass


def fails(image: FirmwareImage, peer: SerialPeer) -> DeviceError:
    with pytest.raises(DeviceError) as caught, peer:
        write(image, peer.port)
    return caught.value


def test_the_flash_holds_the_image_and_starts_it(image: FirmwareImage, tmp_path: Path) -> None:
    chip, log, steps = Stm32Rom(), tmp_path / "log" / "flash.log", []
    with (
        progress.listening(steps.append),
        SerialPeer(chip, pty=True) as peer,
        flash.flash(image, BOARD, peer.port, log) as flashed,
    ):
        assert holds(chip, image)
        assert chip.started_at == FLASH
        assert (flashed.board, flashed.port, flashed.baud) == (BOARD.name, peer.port, 115200)
        assert (flashed.model_sha256, flashed.build_id) == (image.model_sha256, image.build_id)
    assert chip.erased == [1, 1] + 10 * [0]
    assert chip.commands[-1] == GO
    counted = [step.done for step in steps if step.done is not None]
    assert counted == sorted(counted)
    assert counted[-1] == SIZE
    assert "Device ID    : 0x0413" in log.read_text()
    assert "(100.00%) Done." in log.with_name("flash-write.log").read_text()


def test_a_serial_port_gets_even_parity(image: FirmwareImage) -> None:
    assert BOARD.stm32flash is not None
    arguments = stm32flash.write_command(
        "stm32flash", BOARD.stm32flash, "/dev/ttyUSB0", image.images[0]
    )
    assert arguments == [
        *("stm32flash", "-b", "115200", "-m", "8e1", "-c", "-w", str(image.images[0].path), "-f"),
        *("-S", "0x08000000", "-v", "-g", "0x08000000", "/dev/ttyUSB0"),
    ]


@pytest.mark.parametrize(
    ("flip", "drop", "seed"),
    [(0.0001, 0, 2), (0.0003, 0, 1), (0.0003, 0.0003, 2), (0.003, 0, 3), (0, 0.0005, 0)],
)
def test_a_bad_link_ends_in_an_error_or_in_the_right_bytes(
    image: FirmwareImage, flip: float, drop: float, seed: int
) -> None:
    chip, noise = Stm32Rom(), Noise(flip, drop, seed)
    with SerialPeer(chip, pty=True, noise=noise) as peer:
        try:
            with flash.flash(image, BOARD, peer.port):
                assert holds(chip, image)
        except DeviceError as error:
            assert peer.port in error.what
            assert error.hints
    assert noise.damaged > 0


def test_flash_that_does_not_keep_its_bits_is_an_error(image: FirmwareImage) -> None:
    chip = Stm32Rom()
    chip.stuck.add(image.images[0].path.read_bytes().index(0))
    peer = SerialPeer(chip, pty=True)
    error = fails(image, peer)
    assert error.what == (
        f"the flash of board stm32f405 on {peer.port} does not hold what was written"
    )
    assert error.detail[0].startswith("stm32flash: Failed to verify at address 0x0800")
    assert chip.started_at is None


def test_a_chip_that_runs_its_program_is_no_bootloader(image: FirmwareImage) -> None:
    peer = SerialPeer(Stm32Rom(boot0=False), pty=True)
    assert str(fails(image, peer)) == (
        f"the chip on {peer.port} does not answer as a bootloader\n"
        "  stm32flash: Failed to init device, timeout.\n"
        "  hint: connect BOOT0 to 3.3 V, press and release RESET, then run this again; BOOT0 back "
        "to GND after\n"
        "  hint: tinyflow reset --board stm32f405 --bootloader  # where tinyflow's runs\n"
        "  hint: check that RX and TX are crossed, and that no other board is on this port"
    )


def test_a_smaller_chip_is_not_written(image: FirmwareImage) -> None:
    chip = Stm32Rom(chip=STM32F411_ID)
    peer = SerialPeer(chip, pty=True)
    assert fails(image, peer).what == (
        f"the chip on {peer.port} is STM32F411xx with 524288 B of flash, "
        "board stm32f405 has 1048576 B"
    )
    assert not any(chip.erased)


def test_a_chip_nobody_knows_is_not_written(image: FirmwareImage) -> None:
    chip = Stm32Rom(chip=0x999)
    peer = SerialPeer(chip, pty=True)
    assert fails(image, peer).what == f"stm32flash does not know the chip on {peer.port}"
    assert not any(chip.erased)


def test_a_protected_chip_says_how_to_unprotect_it(image: FirmwareImage) -> None:
    peer = SerialPeer(Stm32Rom(protected=True), pty=True)
    error = fails(image, peer)
    assert error.what == f"the chip on {peer.port} refuses to be written"
    assert error.hints == (
        f"stm32flash -k {peer.port}  # takes protection off and erases the chip",
    )


def test_a_port_another_program_holds(image: FirmwareImage) -> None:
    peer = SerialPeer(Stm32Rom(), pty=True)
    with serial.Serial(peer.port):
        error = fails(image, peer)
    assert error.what == f"port {peer.port} is in use by this process"


def test_ports_that_cannot_be(image: FirmwareImage) -> None:
    with pytest.raises(DeviceError, match="port /dev/ttyUSB77 does not exist"):
        write(image, "/dev/ttyUSB77")
    with pytest.raises(ProjectError, match="takes a serial port of this machine, not socket://"):
        write(image, "socket://127.0.0.1:1")
    with pytest.raises(DeviceError, match="none is named"):
        write(image, None)


def test_success_without_verification_is_an_error(
    image: FirmwareImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Wrote and verified address 0x08000100 (1.35%)"
    instead = [sys.executable, "-c", f"print({said!r})"]
    monkeypatch.setattr(stm32flash, "write_command", lambda *_: instead)
    with (
        SerialPeer(Stm32Rom(), pty=True) as peer,
        pytest.raises(ToolError, match=f"stm32flash verified 256 of {SIZE} B"),
    ):
        write(image, peer.port)


def test_an_image_that_is_not_there(image: FirmwareImage) -> None:
    with pytest.raises(ProjectError, match="is not one file"):
        write(replace(image, images=()), "/dev/ttyUSB77")


def test_without_stm32flash_it_says_how_to_install_it(
    image: FirmwareImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "find", lambda name, _=None: tools.Found(name, None, None))
    with pytest.raises(ToolError, match="stm32flash is not installed"):
        write(image, "/dev/ttyUSB77")
