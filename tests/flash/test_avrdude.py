"""Real avrdude writes through a Mega's bootloader protocol into a flash array."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import serial
from serial_peer import Noise, SerialPeer
from small_image import small_image
from wiring_bootloader import ATMEGA328P, LEAVE, PAGE_BYTES, PROGRAM_FLASH, WiringBootloader

from tinyflow import flash, process, progress, tools
from tinyflow.artifacts import FirmwareImage
from tinyflow.boards import load_board
from tinyflow.errors import DeviceError, ProjectError, ToolError
from tinyflow.flash import avrdude
from tinyflow.tools import look

BOARD = load_board("arduino-mega").for_runner("avrdude")
SIZE = 5_001

pytestmark = pytest.mark.skipif(process.which("avrdude") is None, reason="no avrdude")


@pytest.fixture
def image(tmp_path: Path) -> FirmwareImage:
    """A binary that does not end with a page."""
    return small_image(tmp_path, BOARD.name, 0, SIZE)


def holds(chip: WiringBootloader, image: FirmwareImage) -> bool:
    return bytes(chip.flash[:SIZE]) == image.images[0].path.read_bytes()


def write(image: FirmwareImage, port: str | None) -> None:
    with flash.flash(image, BOARD, port):
        pass


def fails(image: FirmwareImage, peer: SerialPeer) -> DeviceError:
    with pytest.raises(DeviceError) as caught, peer:
        write(image, peer.port)
    return caught.value


@pytest.mark.parametrize("pty", [True, False])
def test_the_flash_holds_the_image_and_starts_it(
    pty: bool, image: FirmwareImage, tmp_path: Path
) -> None:
    chip, log, steps = WiringBootloader(), tmp_path / "log" / "flash.log", []
    with (
        progress.listening(steps.append),
        SerialPeer(chip, pty=pty) as peer,
        flash.flash(image, BOARD, peer.port, log) as flashed,
    ):
        assert holds(chip, image)
        assert chip.running
        assert (flashed.board, flashed.port, flashed.baud) == (BOARD.name, peer.port, 115200)
        assert (flashed.model_sha256, flashed.build_id) == (image.model_sha256, image.build_id)
    assert chip.written == list(range(0, SIZE, PAGE_BYTES))
    assert chip.commands[-1] == LEAVE
    counted = [step.done for step in steps if step.done is not None]
    assert counted == sorted(counted)
    assert counted[-1] == 2 * SIZE
    assert f"{SIZE} bytes of flash verified" in log.read_text()


@pytest.mark.parametrize(("flip", "drop", "seed"), [(0.0005, 0, 2), (0, 0.0005, 1)])
def test_a_bad_link_ends_in_an_error_or_in_the_right_bytes(
    image: FirmwareImage, flip: float, drop: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(avrdude, "LOST_ANSWERS", 1)  # each takes avrdude 5 s
    monkeypatch.setattr(avrdude, "SILENT_ANSWERS", 1)
    chip, noise = WiringBootloader(), Noise(flip, drop, seed)
    with SerialPeer(chip, pty=True, noise=noise) as peer:
        try:
            with flash.flash(image, BOARD, peer.port):
                assert holds(chip, image)
        except DeviceError as error:
            assert error.what == (
                f"the link to board arduino-mega on {peer.port} loses or changes data"
            )
            assert error.hints
    assert noise.damaged > 0


def test_an_image_at_which_old_bootloaders_stop(
    image: FirmwareImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(avrdude, "LOST_ANSWERS", 1)
    path = image.images[0].path
    path.write_bytes(path.read_bytes()[:300] + b"!!!")
    error = fails(image, SerialPeer(WiringBootloader(monitor=True), pty=True))
    assert error.what.endswith("loses or changes data")
    assert "the image has three bytes 21h in a row, at which old bootloaders stop" in error.detail
    assert any("bootloader anew" in hint for hint in error.hints)


def test_a_board_that_says_nothing(image: FirmwareImage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(avrdude, "SILENT_ANSWERS", 1)
    peer = SerialPeer(WiringBootloader(), deaf=True)
    assert str(fails(image, peer)) == (
        f"the bootloader of the board on {peer.port} does not answer\n"
        "  TCP carries no reset line: the board must be reset by hand\n"
        "  avrdude: timeout\n"
        "  hint: press and release RESET, and run this again at once\n"
        "  hint: check that no other board is on this port"
    )


def test_flash_that_does_not_keep_its_bits_is_an_error(image: FirmwareImage) -> None:
    place = next(i for i, byte in enumerate(image.images[0].path.read_bytes()) if not byte & 1)
    peer = SerialPeer(WiringBootloader(worn=frozenset({place})), pty=True)
    error = fails(image, peer)
    assert error.what == (
        f"the flash of board arduino-mega on {peer.port} does not hold what was written"
    )
    assert error.detail[0] == f"the first difference is at {place:#06x}"


def test_another_chip_is_not_written(image: FirmwareImage) -> None:
    chip = WiringBootloader(signature=ATMEGA328P)
    peer = SerialPeer(chip, pty=True)
    assert fails(image, peer).what == (
        f"the chip on {peer.port} is m328p, board arduino-mega has atmega2560"
    )
    assert PROGRAM_FLASH not in chip.commands


def test_a_port_another_program_holds(image: FirmwareImage) -> None:
    peer = SerialPeer(WiringBootloader(), pty=True)
    with serial.Serial(peer.port):
        error = fails(image, peer)
    assert error.what == f"port {peer.port} is in use by this process"


def test_ports_that_cannot_be(image: FirmwareImage) -> None:
    with pytest.raises(DeviceError, match="port /dev/ttyACM77 does not exist"):
        write(image, "/dev/ttyACM77")
    with pytest.raises(DeviceError, match=r"port socket://127\.0\.0\.1:9 cannot be opened"):
        write(image, "socket://127.0.0.1:9")
    with pytest.raises(ProjectError, match=r"or socket://HOST:PORT, not rfc2217://"):
        write(image, "rfc2217://127.0.0.1:1")
    with pytest.raises(DeviceError, match="none is named"):
        write(image, None)


def test_a_connection_that_ends_is_not_waited_for_without_end(
    image: FirmwareImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(avrdude, "FIXED_SECONDS", 0.0)
    peer = SerialPeer(WiringBootloader(), hang_up_after=3000)
    with pytest.raises(ToolError, match=r"avrdude did not end within [\d.]+ s"), peer:
        write(image, peer.port)


@pytest.mark.parametrize("said", ["18944 bytes of flash verified", "avrdude done.  Thank you."])
def test_success_without_verification_is_an_error(
    said: str, image: FirmwareImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead = [sys.executable, "-c", f"print({said!r})"]
    monkeypatch.setattr(avrdude, "command", lambda *_: instead)
    with (
        SerialPeer(WiringBootloader(), pty=True) as peer,
        pytest.raises(ToolError, match="avrdude did not write board arduino-mega"),
    ):
        write(image, peer.port)


def test_an_image_that_is_not_there(image: FirmwareImage) -> None:
    with pytest.raises(ProjectError, match="is not one file at address 0"):
        write(replace(image, images=()), "/dev/ttyACM77")


def test_without_avrdude_it_says_how_to_install_it(
    image: FirmwareImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "find", lambda name, _=None: tools.Found(name, None, None))
    with pytest.raises(ToolError, match="avrdude is not installed"):
        write(image, "/dev/ttyACM77")
