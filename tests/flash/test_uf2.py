"""UF2 files, read back by another parser, and folders that behave as a bootloader's drive."""

from __future__ import annotations

import contextlib
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_image import small_image

from tinyflow.artifacts import FirmwareImage
from tinyflow.boards import load_board
from tinyflow.errors import DeviceError, ProjectError
from tinyflow.flash import uf2, without_bootloader
from tinyflow.uf2_file import blocks

PICO = load_board("pico")
RP2040 = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n"
RP2350 = "UF2 Bootloader v1.0\r\nModel: Raspberry Pi RP2350\r\nBoard-ID: RP2350\r\n"


def parse(data: bytes) -> tuple[dict[int, int], set[int]]:
    """What a bootloader makes of a UF2 file: {address: byte} and the families."""
    memory: dict[int, int] = {}
    families = set()
    assert len(data) % 512 == 0
    count = len(data) // 512
    for number in range(count):
        block = data[512 * number : 512 * (number + 1)]
        assert block[:4] == b"UF2\n"
        head = struct.unpack_from("<8I", block)
        assert head[1] == 0x9E5D5157
        assert block[-4:] == bytes.fromhex("306fb10a")
        flags, address, size, index, total, family = head[2:]
        assert flags == 0x2000
        assert (index, total) == (number, count)
        assert size == 256
        assert address % 256 == 0
        memory.update(zip(range(address, address + size), block[32 : 32 + size], strict=True))
        families.add(family)
    return memory, families


@given(
    data=st.binary(min_size=1, max_size=5000),
    page=st.integers(0, 2**24 - 20),
    family=st.integers(1, 2**32 - 1),
)
def test_what_is_written_is_what_is_read(data: bytes, page: int, family: int) -> None:
    memory, families = parse(b"".join(blocks(data, page * 256, family)))
    assert families == {family}
    assert bytes(memory[page * 256 + at] for at in range(len(data))) == data
    assert len(memory) == -(-len(data) // 256) * 256
    assert all(value == 0 for at, value in memory.items() if at >= page * 256 + len(data))


@pytest.mark.parametrize(
    ("data", "address", "family", "said"),
    [
        (b"", 0, 1, "without a byte"),
        (b"x", 0x10000001, 1, "cannot be a UF2 file"),
        (b"x" * 257, 2**32 - 256, 1, "ends beyond 32 bits"),
        (b"x", 0, 0, "does not have 32 bits"),
        (b"x", 0, 2**32, "does not have 32 bits"),
    ],
)
def test_what_cannot_be_a_uf2_file(data: bytes, address: int, family: int, said: str) -> None:
    with pytest.raises(ProjectError, match=said):
        list(blocks(data, address, family))


class Drive:
    """A folder that a bootloader would show: it takes a whole file and is gone, or does not."""

    def __init__(self, path: Path, info: str, *, takes: bool = True, after: float = 0.0) -> None:
        self.path, self.info, self.takes = path, info, takes
        self.taken = b""
        self._after = after
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._live)

    def __enter__(self) -> Drive:
        self._thread.start()
        while not self._after and not (self.path / "INFO_UF2.TXT").exists():
            time.sleep(0.001)
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(10)

    def _live(self) -> None:
        self._end.wait(self._after)
        self.path.mkdir(parents=True, exist_ok=True)
        part = self.path / "part"  # never there by half
        part.write_bytes(self.info.encode())
        part.rename(self.path / "INFO_UF2.TXT")
        while not self._end.wait(0.005):
            for file in self.path.glob("*.uf2"):
                data = file.read_bytes()
                # It counts blocks: the file is whole when all of them have come.
                whole = (
                    len(data) >= 512 and len(data) == 512 * struct.unpack_from("<I", data, 24)[0]
                )
                if self.takes and whole:
                    self.taken = data
                    (self.path / "INFO_UF2.TXT").unlink()
                    return


@pytest.fixture
def image(tmp_path: Path) -> FirmwareImage:
    return small_image(tmp_path, "pico", 0x10000000, 40_001)


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes folders the mounted drives of this machine."""
    monkeypatch.setattr(uf2.sys, "platform", "linux")
    monkeypatch.setattr(uf2, "MOUNTS", tmp_path / "mounts")
    monkeypatch.setattr(uf2, "LABELS", tmp_path / "labels")
    monkeypatch.setattr(uf2, "APPEAR_SECONDS", 0.0)
    monkeypatch.setattr(uf2, "VANISH_SECONDS", 0.3)
    monkeypatch.setattr(uf2, "POLL_SECONDS", 0.005)

    def mount(*paths: Path) -> None:
        device = tmp_path / "sda1"
        device.touch()
        lines = ["proc /proc proc rw 0 0\n", f"/dev/sdb1 {tmp_path}/stick vfat rw 0 0\n"]
        lines += [
            f"{device} {str(path).replace(' ', chr(92) + '040')} vfat rw 0 0\n" for path in paths
        ]
        (tmp_path / "mounts").write_text("".join(lines), encoding="utf-8")

    mount()
    return mount


@contextlib.contextmanager
def failing(what: str) -> Iterator[pytest.ExceptionInfo[DeviceError]]:
    with pytest.raises(DeviceError) as caught:
        yield caught
    assert caught.value.what == what


def write(image: FirmwareImage, log: Path | None = None) -> None:
    with uf2.run(image, PICO, "/dev/ttyUSB0", log) as flashed:
        assert (flashed.port, flashed.baud, flashed.build_id) == ("/dev/ttyUSB0", 115200, "b" * 16)


def test_a_drive_takes_the_image(
    image: FirmwareImage, mounted: Callable[..., None], tmp_path: Path
) -> None:
    with Drive(tmp_path / "RPI RP2", RP2040) as drive:
        mounted(drive.path)
        write(image, tmp_path / "flash.log")
    memory, families = parse(drive.taken)
    data = image.images[0].path.read_bytes()
    assert bytes(memory[0x10000000 + at] for at in range(len(data))) == data
    assert families == {0xE48BFF56}
    assert "157 blocks" in (tmp_path / "flash.log").read_text(encoding="utf-8")


def test_a_drive_that_comes_later_is_waited_for(
    image: FirmwareImage,
    mounted: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uf2, "APPEAR_SECONDS", 10.0)
    with Drive(tmp_path / "d", RP2040, after=0.1) as drive:
        mounted(drive.path)
        write(image)
    assert drive.taken


def test_a_drive_that_does_not_take_the_image(
    image: FirmwareImage, mounted: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "d"
    with (
        Drive(path, RP2040, takes=False),
        failing(f"drive {path} has not taken the image for board pico") as caught,
    ):
        mounted(path)
        write(image)
    assert "it says that it is a RPI-RP2" in caught.value.detail


def test_no_drive_and_what_else_there_is(
    image: FirmwareImage, mounted: Callable[..., None], tmp_path: Path
) -> None:
    what = "no drive RPI-RP2 of a board pico in its bootloader"
    with failing(what) as caught:
        write(image)
    assert caught.value.detail == ()
    assert "hold BOOTSEL while you plug the board in" in caught.value.hints[0]
    assert "tinyflow reset --board pico --bootloader" in caught.value.hints[1]
    with Drive(tmp_path / "d", RP2350) as drive, failing(what) as caught:
        mounted(drive.path)
        write(image)
    assert caught.value.detail == (f"drive {drive.path} is a RP2350",)


def test_a_drive_that_nobody_has_mounted(
    image: FirmwareImage, mounted: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "RPI-RP2").touch()
    with failing("drive RPI-RP2 of board pico is there, but not mounted") as caught:
        write(image)
    assert caught.value.hints == (f"udisksctl mount -b {tmp_path}/labels/RPI-RP2",)


def test_two_drives_are_one_too_many(
    image: FirmwareImage, mounted: Callable[..., None], tmp_path: Path
) -> None:
    with Drive(tmp_path / "a", RP2040) as one, Drive(tmp_path / "b", RP2040) as other:
        mounted(one.path, other.path)
        with failing("2 drives could be board pico") as caught:
            write(image)
    assert caught.value.detail == (str(one.path), str(other.path))


@pytest.mark.parametrize(
    ("number", "said"),
    [(30, "is read-only"), (28, "is full"), (13, "may not be written by this user")],
)
def test_a_drive_that_refuses_the_file(
    number: int,
    said: str,
    image: FirmwareImage,
    mounted: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: Path, *given: Any, **named: Any) -> IO[Any]:
        if self.name == "firmware.uf2":
            raise OSError(number, "no")
        return opened(self, *given, **named)

    opened = Path.open
    with Drive(tmp_path / "d", RP2040) as drive:
        mounted(drive.path)
        monkeypatch.setattr(Path, "open", refuse)
        with failing(f"drive {drive.path} of board pico {said}"):
            write(image)


def test_a_drive_that_goes_with_the_last_block_has_taken_it(
    image: FirmwareImage,
    mounted: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(uf2.os, "fsync", gone)
    with Drive(tmp_path / "d", RP2040) as drive:
        mounted(drive.path)
        write(image)
    assert drive.taken


def test_firmware_is_asked_for_the_drive_only_while_there_is_none(
    mounted: Callable[..., None], tmp_path: Path
) -> None:
    assert without_bootloader(PICO)
    assert without_bootloader(PICO.for_runner("picotool"))
    assert not without_bootloader(PICO.for_runner("pyocd"))
    with Drive(tmp_path / "d", RP2040) as drive:
        mounted(drive.path)
        assert not without_bootloader(PICO)
        assert without_bootloader(load_board("pico2"))


def test_a_mount_that_outlives_its_device_is_gone(tmp_path: Path) -> None:
    (tmp_path / "INFO_UF2.TXT").write_bytes(RP2040.encode())
    device = tmp_path / "sda1"
    device.touch()
    drive = uf2.Drive(tmp_path, "RPI-RP2", device)
    assert not drive.gone
    device.unlink()
    assert drive.gone


def test_a_drives_info_is_read_no_further_than_a_page(tmp_path: Path) -> None:
    (tmp_path / "INFO_UF2.TXT").write_bytes(b"\xff" * 5000 + b"\nBoard-ID: RPI-RP2\n")
    assert uf2._board_id(tmp_path) == ""


def test_macos_and_windows_have_other_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "RPI-RP2").mkdir()
    (tmp_path / "RPI-RP2" / "INFO_UF2.TXT").write_bytes(RP2040.encode())
    monkeypatch.setattr(uf2.sys, "platform", "darwin")
    monkeypatch.setattr(uf2, "VOLUMES", tmp_path)
    assert [drive.board_id for drive in uf2.drives()] == ["RPI-RP2"]
    monkeypatch.setattr(uf2.sys, "platform", "win32")
    assert Path("E:/") in [path for path, _ in uf2._places()]


def test_an_image_that_is_not_whole_is_refused(image: FirmwareImage) -> None:
    image.images[0].path.unlink()
    with pytest.raises(ProjectError, match="the image for board pico is not complete"):
        write(image)
    with (
        pytest.raises(ProjectError, match="has no"),
        uf2.run(image, replace(PICO, uf2=None), "/dev/ttyUSB0"),
    ):
        pass
