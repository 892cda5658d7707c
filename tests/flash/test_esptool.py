"""Real esptool writes through the ROM loader's protocol into a flash array."""

from __future__ import annotations

import dataclasses
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import serial
from rom_loader import ESP32_S2_MAGIC, SECTOR, Esp32, Flash
from serial_peer import Noise, SerialPeer
from small_image import image_of

from tinyflow import progress, tools
from tinyflow.artifacts import FirmwareImage, FlashFile
from tinyflow.boards import BoardProfile, Counter, Esptool, Memory
from tinyflow.errors import DeviceError, ProjectError, ToolError
from tinyflow.flash import esptool
from tinyflow.tools import look

BOARD = BoardProfile(
    name="esp32",
    title="ESP32 DevKit",
    builders=("platformio",),
    runners=("esptool",),
    backend="ref",
    port_layers=("espidf",),
    baud=921600,
    memory=Memory(0x3F400000, 4 << 20, 0x3FFB0000, 320 << 10),
    counter=Counter("cycles"),
    esptool=Esptool("esp32"),
)
OFFSETS = (0x1000, 0x8000, 0x10000)


@pytest.fixture
def image(tmp_path: Path) -> FirmwareImage:
    """Bootloader and partition table, which compress, application, which does not; unsorted."""
    source = random.Random(7)
    contents = (source.randbytes(5000) * 4, bytes(range(256)) * 12, source.randbytes(50_001))
    files = []
    for offset, content in zip(OFFSETS, contents, strict=True):
        path = tmp_path / f"{offset:x}.bin"
        path.write_bytes(content)
        files.append(FlashFile(path, offset))
    return image_of(tmp_path, "esp32", files[2], files[0], files[1], builder="platformio")


@pytest.fixture
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An esptool that gives up sooner, by its own configuration file."""
    settings = tmp_path / "esptool.cfg"
    settings.write_text("[esptool]\ntimeout = 0.7\nconnect_attempts = 2\n")
    monkeypatch.setenv("ESPTOOL_CFGFILE", str(settings))


def holds(chip: Esp32, image: FirmwareImage) -> bool:
    """Whether the flash holds every file, to the byte, and the rest of their sectors is erased."""
    for file in image.images:
        wanted = file.path.read_bytes()
        wanted += b"\xff" * (-len(wanted) % SECTOR)
        if chip.flash.read(file.offset, len(wanted)) != wanted:
            return False
    return True


def write(image: FirmwareImage, port: str | None, board: BoardProfile = BOARD) -> None:
    with esptool.run(image, board, port):
        pass


def untouched_elsewhere(chip: Esp32, image: FirmwareImage) -> bool:
    written = set()
    for file in image.images:
        first = file.offset // SECTOR
        written |= set(range(first, first - (-file.path.stat().st_size // SECTOR)))
    return {sector for sector, times in enumerate(chip.flash.worn) if times} == written


@pytest.mark.parametrize("pty", [False, True], ids=["tcp", "pty"])
@pytest.mark.parametrize("stub", [True, False], ids=["stub", "rom"])
def test_the_flash_holds_exactly_the_files(
    image: FirmwareImage, tmp_path: Path, pty: bool, stub: bool
) -> None:
    chip = Esp32(stub=stub)
    log = tmp_path / "log" / "esptool.log"
    with SerialPeer(chip, pty=pty) as peer, esptool.run(image, BOARD, peer.port, log) as flashed:
        assert holds(chip, image)
        assert untouched_elsewhere(chip, image)
        assert (flashed.board, flashed.port, flashed.baud) == ("esp32", peer.port, 921600)
        assert (flashed.model_sha256, flashed.build_id) == (image.model_sha256, image.build_id)
        assert flashed.process == 0
    assert chip.bauds == [460800]
    assert chip.commands.count("SPI_FLASH_MD5") == 3
    # The stub takes what compresses compressed; the ROM is sent everything as it is.
    assert chip.commands.count("FLASH_DEFL_BEGIN") == (2 if stub else 0)
    assert chip.commands.count("FLASH_BEGIN") >= (1 if stub else 3)
    # A chip that refuses the stub is written by its own loader, in a second attempt.
    last = log if stub else log.with_name("esptool-again.log")
    assert last.read_text().count("Hash of data verified.") == 3
    assert ("--no-stub" in last.read_text()) is not stub


def test_the_stub_that_already_runs_is_used_again(image: FirmwareImage) -> None:
    chip = Esp32()
    chip.in_stub = True
    with SerialPeer(chip) as peer, esptool.run(image, BOARD, peer.port):
        assert holds(chip, image)
    assert "MEM_BEGIN" not in chip.commands


def test_progress_counts_the_bytes_of_all_files(image: FirmwareImage) -> None:
    steps: list[progress.Step] = []
    with progress.listening(steps.append), SerialPeer(Esp32()) as peer:
        write(image, peer.port)
    total = sum(file.path.stat().st_size for file in image.images)
    counted = [step.done for step in steps if step.done is not None]
    assert counted == sorted(counted)
    assert counted[-1] == total
    assert len(set(counted)) > 5
    assert {step.total for step in steps if step.done is not None} == {total}
    assert steps[-1].message == "the port has no reset line: reset the board by hand"


def test_the_arguments_name_files_in_the_order_of_their_offsets(image: FirmwareImage) -> None:
    assert BOARD.esptool is not None
    arguments = esptool.command(image, BOARD.esptool, "/dev/ttyUSB0", 460800)
    assert arguments[1:] == [
        *("-m", "esptool", "--chip", "esp32", "--port", "/dev/ttyUSB0", "--baud", "460800"),
        *("--before", "default-reset", "--after", "hard-reset"),
        *("write-flash", "--flash-mode", "dio", "--flash-freq", "40m", "--flash-size", "4MB"),
        *("0x1000", str(image.images[1].path)),
        *("0x8000", str(image.images[2].path)),
        *("0x10000", str(image.images[0].path)),
    ]
    remote = esptool.command(image, BOARD.esptool, "rfc2217://host:2217", 115200, stub=False)
    assert remote[9:14] == ["--before", "no-reset", "--after", "no-reset", "--no-stub"]


def fails(
    image: FirmwareImage, peer: SerialPeer, kind: type[Exception] = DeviceError
) -> DeviceError:
    with pytest.raises(kind) as caught, peer:
        write(image, peer.port)
    assert isinstance(caught.value, DeviceError | ToolError)
    return caught.value


def test_a_link_that_is_bad_at_the_high_rate_only_succeeds_at_the_lower(
    image: FirmwareImage,
) -> None:
    chip = Esp32()
    noise = Noise(flip=0.0005, drop=0.0005, active=lambda: chip.baud > 115200)
    steps: list[progress.Step] = []
    with SerialPeer(chip, pty=True, noise=noise) as peer, progress.listening(steps.append):
        write(image, peer.port)
    assert holds(chip, image)
    assert noise.damaged > 0
    assert chip.bauds == [460800]
    assert any(step.message.endswith("data: once more at 115200 baud") for step in steps)


@pytest.mark.parametrize(
    ("flip", "drop", "seed"),
    [(0.002, 0, 1), (0, 0.002, 2), (0.0003, 0.0003, 3), (0.01, 0.01, 4)],
)
@pytest.mark.usefixtures("impatient")
def test_a_bad_link_ends_in_an_error_or_in_the_right_bytes(
    image: FirmwareImage, flip: float, drop: float, seed: int
) -> None:
    chip = Esp32()
    noise = Noise(flip, drop, seed)
    with SerialPeer(chip, pty=True, noise=noise) as peer:
        try:
            with esptool.run(image, BOARD, peer.port):
                assert holds(chip, image)
        except DeviceError as error:
            assert str(peer.port) in error.what
            assert error.hints
    assert noise.damaged > 0


def test_flash_that_does_not_keep_its_bits_is_an_error(image: FirmwareImage) -> None:
    chip = Esp32()
    content = image.images[0].path.read_bytes()
    chip.flash.stuck.add(0x10000 + content.index(0))
    peer = SerialPeer(chip)
    error = fails(image, peer)
    assert error.what == f"the link to board esp32 on {peer.port} loses or changes data"
    assert "esptool: MD5 of file does not match data in flash!" in error.detail
    assert error.detail[0] == "at 115200 baud"
    assert "second attempt" in error.detail[-1]
    assert chip.commands.count("SPI_FLASH_MD5") >= 2


@pytest.mark.usefixtures("impatient")
def test_a_cable_that_is_pulled_is_an_error(image: FirmwareImage) -> None:
    error = fails(image, SerialPeer(Esp32(), hang_up_after=40_000))
    assert error.what.startswith("nothing answers at socket://127.0.0.1:")
    assert "the link to board esp32" in error.detail[-1]


@pytest.mark.parametrize("pty", [False, True], ids=["tcp", "pty"])
@pytest.mark.usefixtures("impatient")
def test_a_chip_that_says_nothing(image: FirmwareImage, pty: bool) -> None:
    peer = SerialPeer(Esp32(), pty=pty, deaf=True)
    error = fails(image, peer)
    by_hand = "  TCP carries no reset line: the board must be reset by hand\n"
    assert str(error) == (
        f"the chip on {peer.port} does not answer as a loader\n"
        f"{'' if pty else by_hand}"
        "  esptool: Failed to connect to ESP32: No serial data received.\n"
        "  hint: hold BOOT, press and release RESET (EN), release BOOT, then run this again\n"
        "  hint: check that no other board is on this port, and its power"
    )


def test_another_chip_is_not_written(image: FirmwareImage) -> None:
    chip = Esp32(magic=ESP32_S2_MAGIC)
    peer = SerialPeer(chip)
    error = fails(image, peer)
    assert error.what == f"the chip on {peer.port} is ESP32-S2, board esp32 has esp32"
    assert not any(chip.flash.worn)


def test_a_chip_nobody_knows_is_not_written(image: FirmwareImage) -> None:
    chip = Esp32(magic=0x12345678)
    peer = SerialPeer(chip)
    error = fails(image, peer)
    assert error.what == (
        f"the chip on {peer.port} is of an unknown kind (0x12345678), board esp32 has esp32"
    )
    assert not any(chip.flash.worn)


def test_a_flash_smaller_than_the_profile_says_is_not_written(image: FirmwareImage) -> None:
    chip = Esp32(flash=Flash(2 << 20))
    peer = SerialPeer(chip)
    error = fails(image, peer)
    assert str(error) == (
        f"the chip on {peer.port} has 2MB of flash, the profile of board esp32 says 4MB\n"
        '  hint: set flash_size = "2MB" in the board\'s profile'
    )
    assert not any(chip.flash.worn)


def test_an_image_over_the_end_of_the_flash(image: FirmwareImage) -> None:
    far = FlashFile(image.images[0].path, 0x3FF000)
    with SerialPeer(Esp32()) as peer, pytest.raises(DeviceError) as caught:
        write(dataclasses.replace(image, images=(far,)), peer.port)
    assert str(caught.value) == (
        f"10000.bin does not fit the flash of the chip on {peer.port}\n"
        "  50001 B at 0x3ff000, the flash has 4194304 B"
    )


def test_a_port_another_program_holds_is_told_with_its_holder(image: FirmwareImage) -> None:
    peer = SerialPeer(Esp32(), pty=True)
    with serial.Serial(peer.port, exclusive=True):
        error = fails(image, peer)
    assert error.what == f"port {peer.port} is in use by this process"


def test_a_port_that_does_not_exist(image: FirmwareImage) -> None:
    with pytest.raises(DeviceError, match="port /dev/ttyUSB77 does not exist"):
        write(image, "/dev/ttyUSB77")


def test_a_server_that_is_not_there(image: FirmwareImage) -> None:
    with SerialPeer(Esp32()) as peer:
        pass
    with pytest.raises(DeviceError, match=f"nothing answers at {peer.port}"):
        write(image, peer.port)


def test_an_esptool_that_hangs_is_ended(
    image: FirmwareImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(esptool, "FIXED_SECONDS", 0.0)
    monkeypatch.setattr(esptool, "SECONDS_PER_BYTE", 0.0)
    with SerialPeer(Esp32(), deaf=True) as peer, pytest.raises(ToolError, match="did not end"):
        write(image, peer.port)


def says(text: str, status: int = 0) -> Callable[..., list[str]]:
    script = f"import sys; print({text!r}); sys.exit({status})"
    return lambda *_, **__: [sys.executable, "-c", script]


def test_success_without_verification_is_an_error(
    image: FirmwareImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(esptool, "command", says("Hash of data verified."))
    with pytest.raises(ToolError, match="esptool verified 1 of 3 files on /dev/ttyUSB0"):
        write(image, "/dev/ttyUSB0")


def test_a_complaint_nobody_foresaw_is_shown_as_it_is(
    image: FirmwareImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(esptool, "command", says("A fatal error occurred: Secure Boot V1", 2))
    with pytest.raises(ToolError) as caught:
        write(image, "/dev/ttyUSB0")
    assert caught.value.what == "esptool did not write board esp32 on /dev/ttyUSB0"
    assert "| A fatal error occurred: Secure Boot V1" in caught.value.detail
    assert "ended with exit status 2" in caught.value.detail


def test_an_incomplete_image_is_refused_before_anything_runs(image: FirmwareImage) -> None:
    image.images[0].path.unlink()
    image.images[1].path.write_bytes(b"")
    with pytest.raises(ProjectError) as caught:
        write(image, "/dev/ttyUSB0")
    assert str(caught.value) == (
        "the image for board esp32 is not complete\n"
        f"  {image.images[0].path}: missing\n"
        f"  {image.images[1].path}: empty\n"
        "  hint: tinyflow build --board esp32"
    )


def test_without_a_port_it_says_how_to_name_one(image: FirmwareImage) -> None:
    with pytest.raises(DeviceError, match="none is named"):
        write(image, None)


def test_without_esptool_it_says_how_to_install_it(
    image: FirmwareImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "find", lambda name, _=None: tools.Found(name, None, None))
    with pytest.raises(ToolError, match="esptool is not installed") as caught:
        write(image, "/dev/ttyUSB0")
    assert "-m pip install 'esptool>=5.6,<6'" in caught.value.hints[0]
