"""The runners picotool, pyocd and bossac.

None of the three finds a board here: stand-ins say what the tools say, as their sources and
documentation have it. What real pyOCD and real bossac say without a board, or with a model of the
bootloader, is tried where they are installed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from stand_ins import BOARDS, GOOD, PORT, RUN, image_for, write

from tinyflow import process, progress
from tinyflow.boards import Pyocd, load_board
from tinyflow.errors import DeviceError, ProjectError, TinyflowError, ToolError
from tinyflow.flash import programmer

Says = Callable[..., None]


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
    work = [
        *("-c", "reset halt", "-c", "load firmware.bin 0x0"),
        *("-c", "compare 0x0 firmware.bin", "-c", "reset"),
    ]
    assert write("pyocd", tmp_path) == command + work
    # The console is the debugger's own port: that very debugger is used, by the number that its
    # own software gives it.
    bootloader.append(
        SimpleNamespace(device=PORT, vid=0x1366, pid=0x1051, serial_number="001050288418")
    )
    assert write("pyocd", tmp_path) == [*command, "--uid", "1050288418", *work]


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


def test_a_probe_needs_the_consoles_port(tmp_path: Path) -> None:
    board = load_board(BOARDS["pyocd"])
    with (
        pytest.raises(DeviceError, match="none is named"),
        RUN["pyocd"](image_for("pyocd", tmp_path), board, None, None),
    ):
        pass


@pytest.mark.parametrize("name", RUN)
def test_without_an_image_nothing_runs(name: str, tmp_path: Path) -> None:
    board = load_board(BOARDS[name])
    image = image_for(name, tmp_path)
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
