"""The runners picotool, pyocd and bossac.

None of the three finds a board here: stand-ins say what the tools say, as their sources and
documentation have it. What real pyOCD and real bossac say without a board, or with a model of the
bootloader, is tried where they are installed.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from serial.tools import list_ports
from serial_peer import SerialPeer
from small_image import small_image

from tinyflow import process, progress
from tinyflow.artifacts import FirmwareImage
from tinyflow.boards import BoardProfile, Bossac, Pyocd, load_board
from tinyflow.errors import DeviceError, ProjectError, TinyflowError, ToolError
from tinyflow.flash import bossac, picotool, programmer, pyocd

PORT = "/dev/ttyUSB0"
RUN = {"picotool": picotool.run, "pyocd": pyocd.run, "bossac": bossac.run}
BOARDS = {"picotool": "pico", "pyocd": "nrf52840-dk", "bossac": "nano33ble"}
VERSIONS = {
    "picotool": "picotool v2.1.1 (Linux, GNU-13.2.0, Release)",
    "pyocd": "0.46.0",
    "bossac": "Usage: bossac [OPTION...] [FILE]\nBasic Open Source SAM-BA Application",
}
GOOD = {
    "picotool": "Loading into Flash:   [==============================]  100%\n"
    "Verifying Flash:      [==============================]  100%\n  OK\n\n"
    "The device was rebooted to start the application.\n",
    "pyocd": "[==================================================] 100%\n"
    "Comparing 3000 bytes @ 0x00000000\nAll 3000 bytes match.\n",
    "bossac": "Device       : nRF52840-QIAA\nErase flash\n\nDone in 0.001 seconds\n"
    "Write 3000 bytes to flash (1 pages)\n[==============================] 100% (1/1 pages)\n"
    "Done in 0.120 seconds\n",
}

Says = Callable[..., list[str]]


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Says:
    """Puts a stand-in on PATH that says something, and keeps what it was told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(process, "scripts_folder", lambda: folder)

    def install(name: str, text: str, status: int = 0) -> list[str]:
        told: list[str] = []
        version = 1 if name == "bossac" else 0
        script = folder / name
        script.write_text(
            f"#!{sys.executable}\nimport sys\n"
            f"if sys.argv[1] in ('version', '--version', '--help'):\n"
            f"    print({VERSIONS[name]!r}); sys.exit({version})\n"
            f"open({str(tmp_path / 'told')!r}, 'w').write(chr(10).join(sys.argv[1:]))\n"
            f"print({text!r}); sys.exit({status})\n",
            encoding="utf-8",
        )
        script.chmod(0o755)
        return told

    return install


def image_for(name: str, folder: Path) -> FirmwareImage:
    board = load_board(BOARDS[name])
    return small_image(folder, board.name, board.memory.flash_origin, 3000)


@pytest.fixture
def bootloader(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """This machine's serial ports: one, the bootloader of an Arduino, which stays."""
    monkeypatch.setattr(bossac, "GONE_SECONDS", 0.0)
    ports = [SimpleNamespace(device="/dev/ttyACM3", vid=0x2341, pid=0x005A, serial_number="7")]
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    return ports


def write(name: str, folder: Path, board: BoardProfile | None = None) -> list[str]:
    """The arguments that the stand-in was given."""
    profile = board or load_board(BOARDS[name])
    log = folder / "logs" / "flash.log"
    with RUN[name](image_for(name, folder), profile, PORT, log) as flashed:
        assert (flashed.board, flashed.port, flashed.build_id) == (profile.name, PORT, "b" * 16)
    assert log.is_file()
    return (folder / "told").read_text(encoding="utf-8").split("\n")


def test_picotool_writes_verifies_and_starts(says: Says, tmp_path: Path) -> None:
    says("picotool", GOOD["picotool"])
    file = str(tmp_path / "firmware.bin")
    assert write("picotool", tmp_path) == [
        *("load", "--verify", "--execute", file, "-t", "bin", "-o", "0x10000000", "-f")
    ]


def test_pyocd_writes_compares_and_starts(
    says: Says, tmp_path: Path, bootloader: list[SimpleNamespace]
) -> None:
    says("pyocd", GOOD["pyocd"])
    command = ["commander", "--no-wait", "--no-config", "--target", "nrf52840"]
    work = ["-c", "load firmware.bin 0x0", "-c", "compare 0x0 firmware.bin", "-c", "reset"]
    assert write("pyocd", tmp_path) == command + work
    # The console is the debugger's own port: that very debugger is used.
    bootloader.append(
        SimpleNamespace(device=PORT, vid=0x1366, pid=0x1051, serial_number="001050288418")
    )
    assert write("pyocd", tmp_path) == [*command, "--uid", "001050288418", *work]


def test_bossac_writes_to_the_bootloaders_port(
    says: Says, tmp_path: Path, bootloader: list[SimpleNamespace]
) -> None:
    says("bossac", GOOD["bossac"])
    file = str(tmp_path / "firmware.bin")
    assert write("bossac", tmp_path) == ["--port=/dev/ttyACM3", "-U", "-i", "-e", "-w", file, "-R"]
    board = replace(load_board("nano33ble"), bossac=Bossac(0x2000))
    assert "--offset=0x2000" in write("bossac", tmp_path, board)


@pytest.mark.parametrize("name", RUN)
def test_progress_is_told(
    name: str, says: Says, tmp_path: Path, bootloader: list[SimpleNamespace]
) -> None:
    says(name, GOOD[name])
    events: list[progress.Step] = []
    with progress.listening(events.append):
        write(name, tmp_path)
    assert ("flash", "writing", 100) in [(e.stage, e.message, e.done) for e in events]


@pytest.mark.parametrize(
    ("name", "text", "status", "what", "hint"),
    [
        (
            "picotool",
            "No accessible RP-series devices in BOOTSEL mode were found.\n",
            249,
            "no board in BOOTSEL mode",
            "hold BOOTSEL",
        ),
        (
            "picotool",
            "No accessible RP-series devices in BOOTSEL mode were found.\n\nbut:\n\n"
            "RP2040 device at bus 3, address 38 appears to be in BOOTSEL mode, "
            "but picotool was unable to connect. "
            "Maybe try 'sudo' or check your permissions.\n",
            249,
            "this user may not use the USB device of board pico",
            "60-picotool.rules",
        ),
        (
            "picotool",
            "Verifying Flash:      [=====      ]  40%\n  FAILED\n"
            "ERROR: The device contents did not match the file\n",
            245,
            "board pico does not hold what was written to it",
            "write it again",
        ),
        (
            "pyocd",
            "Comparing 3000 bytes @ 0x00000000\n"
            "Mismatched byte at 0x00000010 (offset 0x10): 0xff (memory) != 0x12 (file)\n",
            0,
            "board nrf52840-dk does not hold what was written to it",
            "lower SWD clock",
        ),
        (
            "pyocd",
            "0000318 C Target type nrf52841 not recognized. Use 'pyocd list --targets' to see "
            "currently available target types. [__main__]\n",
            1,
            "pyOCD does not know the chip nrf52841 of board nrf52840-dk",
            "pyocd list --targets",
        ),
        (
            "pyocd",
            "No connected debug probes\n",
            1,
            "no debug probe for board nrf52840-dk",
            "pyocd list",
        ),
        (
            "pyocd",
            "0000411 C SWD/JTAG communication failure (No ACK) [__main__]\n",
            1,
            "the debug probe finds no chip on board nrf52840-dk",
            "SWDIO",
        ),
        (
            "pyocd",
            "0001 W Exception getting product string: The device has no langid (permission issue)\n"
            "No connected debug probes\n",
            1,
            "this user may not use the debug probe of board nrf52840-dk",
            "udev",
        ),
        (
            "pyocd",
            " ## => Board Name\nEnter the number of the debug probe or 'q' to quit> ",
            1,
            "there are several debug probes, any of which could be board nrf52840-dk's",
            "--port",
        ),
        (
            "bossac",
            "No device found on ttyACM3\n",
            1,
            "no bootloader of board nano33ble answers on ttyACM3",
            "reset button twice",
        ),
        (
            "bossac",
            "\nSAM-BA operation failed\n",
            1,
            "the bootloader of board nano33ble stopped answering",
            "reset button twice",
        ),
    ],
)
def test_what_a_tool_says_is_told_with_what_to_do(
    name: str,
    text: str,
    status: int,
    what: str,
    hint: str,
    says: Says,
    tmp_path: Path,
    bootloader: list[SimpleNamespace],
) -> None:
    says(name, text, status)
    with pytest.raises(TinyflowError) as told:
        write(name, tmp_path)
    assert told.value.what == what
    assert any(hint in line for line in told.value.hints)
    assert any("flash.log" in line for line in told.value.detail)


@pytest.mark.parametrize("name", RUN)
def test_words_nobody_foresaw_are_shown_as_they_are(
    name: str, says: Says, tmp_path: Path, bootloader: list[SimpleNamespace]
) -> None:
    says(name, "the moon is full", 3)
    with pytest.raises(ToolError) as told:
        write(name, tmp_path)
    assert told.value.what.endswith(f"did not write board {BOARDS[name]}")
    assert "ended with exit status 3" in told.value.detail
    assert "| the moon is full" in told.value.detail
    says(name, "all is well")
    with pytest.raises(ToolError, match="ended without the words"):
        write(name, tmp_path)


@pytest.mark.parametrize("name", RUN)
def test_without_the_tool_it_says_how_to_get_it(
    name: str, says: Says, tmp_path: Path, bootloader: list[SimpleNamespace]
) -> None:
    with pytest.raises(ToolError, match=f"{name} is not installed, or not on PATH") as told:
        write(name, tmp_path)
    assert told.value.hints


@pytest.mark.parametrize("name", RUN)
def test_without_an_image_or_a_port_nothing_runs(name: str, tmp_path: Path) -> None:
    board = load_board(BOARDS[name])
    image = image_for(name, tmp_path)
    with pytest.raises(DeviceError, match="none is named"), RUN[name](image, board, None, None):
        pass
    image.images[0].path.write_bytes(b"")
    with (
        pytest.raises(ProjectError, match="is not complete"),
        RUN[name](image, board, PORT, None),
    ):
        pass
    with (
        pytest.raises(ProjectError, match=r"has no \["),
        RUN[name](image, replace(board, uf2=None, pyocd=None, bossac=None), PORT, None),
    ):
        pass


def test_a_tool_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolError, match="did not end within"):
        programmer.run(
            "sleeper",
            [sys.executable, "-c", "import time; time.sleep(60)"],
            load_board("pico"),
            steps=(),
            rules=(),
            wanted="",
            seconds=0.2,
        )


def test_a_running_arduino_is_asked_for_its_bootloader(
    says: Says,
    tmp_path: Path,
    bootloader: list[SimpleNamespace],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its port goes when it is opened at 1200 baud, and the bootloader's comes."""
    says("bossac", GOOD["bossac"])
    running = SimpleNamespace(device=PORT, vid=0x2341, pid=0x805A, serial_number="7")
    loader = bootloader[0]
    bootloader[:] = [running]
    touched = []

    def touch(port: str) -> None:
        touched.append(port)
        bootloader[:] = [loader]

    monkeypatch.setattr(bossac, "_touch", touch)
    assert write("bossac", tmp_path)[0] == "--port=/dev/ttyACM3"
    assert touched == [PORT]


def test_no_bootloader_and_two_of_them(
    says: Says,
    tmp_path: Path,
    bootloader: list[SimpleNamespace],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    says("bossac", GOOD["bossac"])
    loader = bootloader[0]
    bootloader.append(SimpleNamespace(**{**vars(loader), "device": "/dev/ttyACM4"}))
    with pytest.raises(DeviceError, match="2 bootloaders could be board nano33ble's") as told:
        write("bossac", tmp_path)
    assert told.value.detail == ("/dev/ttyACM3", "/dev/ttyACM4")
    bootloader.clear()
    with pytest.raises(DeviceError, match="no bootloader of board nano33ble on USB") as told:
        write("bossac", tmp_path)
    assert "press the board's reset button twice" in told.value.hints[1]


def test_a_touch_of_a_port_that_is_not_there() -> None:
    with pytest.raises(DeviceError, match="port /dev/ttyACM77 does not exist"):
        bossac._touch("/dev/ttyACM77")


class NanoBootloader:
    """The bootloader of a Nano 33 BLE, as far as telling who it is."""

    def __init__(self) -> None:
        self.commands: list[bytes] = []
        self._rest = b""

    def reset(self) -> None:
        pass

    def receive(self, data: bytes) -> bytes:
        *commands, self._rest = (self._rest + data).split(b"#")
        self.commands += commands
        return b"".join(map(self._answer, commands))

    def _answer(self, command: bytes) -> bytes:
        if command.endswith(b"N"):
            return b"\n\r"
        if command.endswith(b"V"):
            return b"Arduino Bootloader (SAM-BA extended) 2.0 [Arduino:IKXYZ]\n\r"
        return b"\0\0\0\0" if re.match(rb"w[0-9A-F]{8},4$", command) else b""


@pytest.mark.skipif(shutil.which("bossac") is None, reason="bossac is not installed")
def test_a_bossac_that_does_not_know_the_chip_is_told_so(
    tmp_path: Path, bootloader: list[SimpleNamespace]
) -> None:
    """Real bossac, as distributions have it, at a model of the bootloader."""
    nano = NanoBootloader()
    with SerialPeer(nano, pty=True) as peer:
        bootloader[0].device = peer.port
        with pytest.raises(ToolError) as told:
            write("bossac", tmp_path)
    assert told.value.what == "this bossac does not know the chip of board nano33ble"
    assert "1.9.1-arduino2" in told.value.detail[0]
    assert nano.commands[:2] == [b"N", b"V"]


@pytest.mark.skipif(shutil.which("bossac") is None, reason="bossac is not installed")
def test_a_bootloader_that_is_gone_by_then(
    tmp_path: Path, bootloader: list[SimpleNamespace]
) -> None:
    with pytest.raises(DeviceError, match="no bootloader of board nano33ble answers on"):
        write("bossac", tmp_path)


@pytest.mark.skipif(process.find_program("pyocd") is None, reason="pyocd is not installed")
def test_real_pyocd_finds_no_probe_and_knows_the_chips(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="no debug probe for board nrf52840-dk"):
        write("pyocd", tmp_path)
    program = process.find_program("pyocd")
    shown = process.run([str(program), "list", "--targets"], timeout=60).stdout
    known = {line.split()[0] for line in shown.splitlines() if line.strip()}
    for name in ("microbit", "nrf52840-dk", "nano33ble", "pico", "pico2"):
        settings = load_board(name).pyocd
        assert isinstance(settings, Pyocd)
        assert settings.target in known
