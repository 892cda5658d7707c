"""Real OpenOCD writes through a JTAG cable into a chip's flash; and what its complaints mean."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from jtag_chip import FLASH, PAGE_BYTES, STM32L4R5_ID, JtagChip
from serial.tools import list_ports
from serial_peer import SerialPeer
from small_image import image_of

from tinyflow import flash, process, progress, tools
from tinyflow.artifacts import FirmwareImage
from tinyflow.boards import BoardProfile, Openocd, load_board
from tinyflow.errors import DeviceError, ProjectError, ToolError
from tinyflow.flash import openocd, openocd_faults, probe
from tinyflow.tools import look

BOARD = load_board("nucleo-f446re").for_runner("openocd")
PORT = "/dev/ttyACM0"
CONTENT = random.Random(7).randbytes(200)

needs_openocd = pytest.mark.skipif(process.which("openocd") is None, reason="no openocd")

Connect = Callable[[SerialPeer], BoardProfile]


def elf(address: int) -> bytes:
    """An ELF file for Arm with one segment at `address`."""
    header = b"\x7fELF\1\1\1" + bytes(9)
    header += struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, address, 52, 0, 0, 52, 32, 1, 40, 0, 0)
    size = len(CONTENT)
    return header + struct.pack("<8I", 1, 84, address, address, size, size, 5, 4) + CONTENT


@pytest.fixture
def image(tmp_path: Path) -> FirmwareImage:
    """In a folder whose name has a space, as homes may have."""
    path = tmp_path / "my project" / "firmware.elf"
    path.parent.mkdir()
    path.write_bytes(elf(FLASH))
    return image_of(path.parent, BOARD.name)


@pytest.fixture
def connect(tmp_path: Path) -> Connect:
    """A board whose probe is the peer."""

    def board(peer: SerialPeer) -> BoardProfile:
        config = tmp_path / "peer.cfg"
        port = peer.port.rpartition(":")[2]
        config.write_text(
            "adapter driver remote_bitbang\nremote_bitbang host 127.0.0.1\n"
            f"remote_bitbang port {port}\nset WORKAREASIZE 0\nsource [find target/stm32f1x.cfg]\n",
            encoding="utf-8",
        )
        return replace(BOARD, openocd=Openocd((str(config),)))

    return board


def fails(image: FirmwareImage, peer: SerialPeer, connect: Connect) -> DeviceError:
    with pytest.raises(DeviceError) as caught, peer, flash.flash(image, connect(peer), PORT):
        pass
    return caught.value


@needs_openocd
def test_the_flash_holds_the_image_and_the_chip_runs(
    image: FirmwareImage, connect: Connect, tmp_path: Path
) -> None:
    chip, log, steps = JtagChip(), tmp_path / "log" / "flash.log", []
    with (
        progress.listening(steps.append),
        SerialPeer(chip) as peer,
        flash.flash(image, connect(peer), PORT, log) as flashed,
    ):
        assert chip.flash[: len(CONTENT)] == CONTENT
        assert (flashed.board, flashed.port, flashed.baud) == (BOARD.name, PORT, 115200)
        assert (flashed.model_sha256, flashed.build_id) == (image.model_sha256, image.build_id)
    assert chip.erased == [1] + [0] * (len(chip.flash) // PAGE_BYTES - 1)
    assert chip.resets == 2
    assert not chip.halted
    assert [step.message for step in steps] == [
        *("looking for the probe", "writing", "verifying", "starting"),
    ]
    assert "** Verified OK **" in log.read_text()


@needs_openocd
def test_flash_that_does_not_keep_its_bits_is_an_error(
    image: FirmwareImage, connect: Connect
) -> None:
    chip = JtagChip()
    chip.stuck |= {80, 81}
    error = fails(image, SerialPeer(chip), connect)
    assert error.what == "the flash of board nucleo-f446re does not hold what was written"
    assert error.detail[0].startswith("OpenOCD: checksum mismatch")


@needs_openocd
def test_another_chip_is_not_written(image: FirmwareImage, connect: Connect) -> None:
    chip = JtagChip(chip=STM32L4R5_ID)
    error = fails(image, SerialPeer(chip), connect)
    assert error.what == "the chip at the probe is not that of board nucleo-f446re"
    assert "OpenOCD: Cannot identify target as a STM32 family." in error.detail
    assert not any(chip.erased)


@needs_openocd
def test_an_image_where_there_is_no_flash(image: FirmwareImage, connect: Connect) -> None:
    image.elf.write_bytes(elf(0x08200000))
    error = fails(image, SerialPeer(JtagChip()), connect)
    assert error.what == (
        "the chip at the probe has no flash at 0x08200000, where the image of board "
        "nucleo-f446re goes"
    )


@needs_openocd
def test_a_chip_that_does_not_answer(image: FirmwareImage, connect: Connect) -> None:
    error = fails(image, SerialPeer(JtagChip(mute=True)), connect)
    assert error.what == ("the probe is there, but the chip of board nucleo-f446re does not answer")
    assert "OpenOCD: JTAG scan chain interrogation failed: all ones" in error.detail


@needs_openocd
def test_a_cable_that_is_pulled_is_an_error(image: FirmwareImage, connect: Connect) -> None:
    error = fails(image, SerialPeer(JtagChip(), hang_up_after=100_000), connect)
    assert error.what == "the connection to board nucleo-f446re broke while it was written"


@needs_openocd
@pytest.mark.parametrize("interface", ["stlink", "cmsis-dap"])
def test_without_a_probe(image: FirmwareImage, interface: str) -> None:
    config = f"interface/{interface}.cfg"
    board = replace(BOARD, openocd=Openocd((config, "target/stm32f4x.cfg")))
    with pytest.raises(DeviceError) as caught, flash.flash(image, board, PORT):
        pass
    assert caught.value.what == "no debug probe for board nucleo-f446re is connected"
    assert caught.value.detail[0] == f"looked for one as in {config}, target/stm32f4x.cfg"


@needs_openocd
def test_a_configuration_that_openocd_does_not_have(image: FirmwareImage) -> None:
    board = replace(BOARD, openocd=Openocd(("interface/stlink.cfg", "target/stm32f9x.cfg")))
    with pytest.raises(ProjectError) as caught, flash.flash(image, board, PORT):
        pass
    assert caught.value.what == (
        "OpenOCD does not have target/stm32f9x.cfg, which the profile of board nucleo-f446re names"
    )


def test_the_port_tells_which_of_several_probes(
    image: FirmwareImage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ports = [
        SimpleNamespace(device="/dev/ttyACM0", vid=0x0483, pid=0x374B, serial_number="066AFF"),
        SimpleNamespace(device="/dev/ttyACM1", vid=0x0483, pid=0x374B, serial_number="0670FF"),
        SimpleNamespace(device="/dev/ttyUSB0", vid=0x10C4, pid=0xEA60, serial_number="0001"),
        SimpleNamespace(device="/dev/ttyACM2", vid=0x0483, pid=0x374B, serial_number="6\n; exit"),
    ]
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    chosen = [probe.serial_number(BOARD, port.device) for port in ports]
    assert chosen == ["066AFF", "0670FF", "", ""]
    # A Pico's console may be an adapter, which has a number as well and is not its probe.
    pico = load_board("pico")
    assert [probe.serial_number(pico, port.device) for port in ports] == ["", "", "", ""]
    link = tmp_path / "console"
    link.symlink_to("/dev/ttyACM1")
    assert probe.serial_number(BOARD, str(link)) == "0670FF"
    assert BOARD.openocd is not None
    assert openocd.command("openocd", BOARD.openocd, image.elf, "066AFF") == [
        *("openocd", "-f", "interface/stlink.cfg", "-f", "target/stm32f4x.cfg"),
        *("-c", "adapter serial 066AFF"),
        *("-c", "gdb_port disabled", "-c", "telnet_port disabled", "-c", "tcl_port disabled"),
        *("-c", "program firmware.elf verify reset exit"),
    ]


# What needs a probe, or another OpenOCD, in its own words, from its source.
SAID = {
    "Error: libusb_open() failed with LIBUSB_ERROR_ACCESS\nError: open failed": (
        "the system does not let this user open the probe of board nucleo-f446re"
    ),
    "Error: libusb_claim_interface() failed with LIBUSB_ERROR_BUSY\nError: open failed": (
        "the probe of board nucleo-f446re is in use by another program"
    ),
    "Info : Target voltage: 0.003149\nError: target voltage may be too low for reliable debugging\n"
    "Error: init mode failed (unable to connect to the target)\n** OpenOCD init failed **": (
        "board nucleo-f446re has no power: the probe measures 0.00 V"
    ),
    "Info : Target voltage: 3.244299\n"
    "Error: init mode failed (unable to connect to the target)\n** OpenOCD init failed **": (
        "the probe is there, but the chip of board nucleo-f446re does not answer"
    ),
    "Warn : UNEXPECTED idcode: 0x0bc11477\nError: expected 1 of 1: 0x2ba01477\n"
    "** OpenOCD init failed **": "the chip at the probe is not that of board nucleo-f446re",
    "Error: stm32x device protected\n** Programming Failed **": (
        "the flash of board nucleo-f446re is protected"
    ),
    "****** WARNING ******\nnRF52 device has AP lock engaged (see UICR APPROTECT register).\n"
    "Error: [nrf52.cpu] Could not find MEM-AP to control the core": (
        "the chip of board nucleo-f446re is closed to debug probes"
    ),
    'Open On-Chip Debugger 0.11.0\ninvalid subcommand "adapter serial 066AFF"': (
        "OpenOCD 0.11.0 is too old to choose a probe by its number"
    ),
    "Error: something new": "OpenOCD did not write board nucleo-f446re",
}


@pytest.mark.parametrize(("said", "told"), SAID.items())
def test_complaints_are_told_as_what_is_wrong(said: str, told: str) -> None:
    done = process.Completed(("openocd",), 1, said, "")
    error = openocd_faults.judge(openocd_faults.Attempt(BOARD, done))
    assert error.what == told
    assert error.hints or isinstance(error, ToolError)


def test_success_without_verification_is_an_error(
    image: FirmwareImage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "openocd"
    script.write_text("#!/bin/sh\necho '** Programming Finished **'\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(tools, "require", lambda _: script)
    with pytest.raises(ToolError) as caught, flash.flash(image, BOARD, PORT):
        pass
    assert caught.value.what == "OpenOCD did not verify what it wrote to board nucleo-f446re"


def test_what_must_be_there_first(image: FirmwareImage, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeviceError, match="none is named"), flash.flash(image, BOARD, None):
        pass
    monkeypatch.setattr(look, "find", lambda name, _=None: tools.Found(name, None, None))
    with (
        pytest.raises(ToolError, match="openocd is not installed"),
        flash.flash(image, BOARD, PORT),
    ):
        pass
    monkeypatch.setattr(tools, "require", lambda _: Path("openocd"))
    image.elf.unlink()
    with pytest.raises(ProjectError, match="is not there"), flash.flash(image, BOARD, PORT):
        pass
