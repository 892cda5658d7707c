"""esptool's words, recorded, and what the person at the board reads instead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinyflow.errors import DeviceError
from tinyflow.flash import esptool_faults
from tinyflow.flash.esptool_faults import Again, Attempt

OPEN = (
    "A fatal error occurred: Could not open {port}, the port is busy or doesn't exist.\n({why})\n"
)


def attempt(output: str, port: str = "/dev/ttyUSB0") -> Attempt:
    return Attempt("esp32", "esp32", port, 460800, "4MB", ("esptool",), 2, output)


@pytest.fixture
def port(tmp_path: Path) -> str:
    path = tmp_path / "ttyUSB0"
    path.touch(mode=0o660)
    path.chmod(0o660)
    return str(path)


def test_a_port_that_may_not_be_opened_is_told_as_such(port: str) -> None:
    why = f"[Errno 13] could not open port {port}: [Errno 13] Permission denied: '{port}'"
    fault = esptool_faults.judge(attempt(OPEN.format(port=port, why=why), port))
    assert isinstance(fault.error, DeviceError)
    assert f"may not open port {port}" in fault.error.what
    assert "-rw-rw----" in fault.error.detail[0]


def test_a_port_in_use_by_whom_nobody_may_see(port: str) -> None:
    why = f"[Errno 11] Could not exclusively lock port {port}: Resource temporarily unavailable"
    fault = esptool_faults.judge(attempt(OPEN.format(port=port, why=why), port))
    assert str(fault.error) == (
        f"port {port} is in use by another program\n"
        "  one that this user cannot see: it runs as another user, or elsewhere\n"
        f"  esptool: Could not open {port}, the port is busy or doesn't exist.\n"
        f"  hint: sudo fuser -v {port}"
    )


@pytest.mark.parametrize(
    ("said", "again"),
    [
        ("MD5 of file does not match data in flash!", Again.SLOWER),
        ("Write failed, the written flash region is empty.", Again.SLOWER),
        ("Serial data stream stopped: Possible serial noise or corruption.", Again.SLOWER),
        ("Packet content transfer stopped ", Again.SLOWER),
        ("Invalid head of packet (0x46): Possible serial noise or corruption.", Again.SLOWER),
        (
            "Failed to write compressed data to flash after seq 3 "
            "(result was C100: Bad data checksum)",
            Again.SLOWER,
        ),
        ("This command (0xa) is not supported in the current download mode", Again.SLOWER),
        ("Failed to set baud rate 921600. The driver may not support this rate.", Again.SLOWER),
        ("Failed to start stub flasher. There was no response.", Again.WITHOUT_STUB),
        (
            "Failed to enter RAM download mode "
            "(result was 0106: Message is ok, but the running result is wrong)",
            Again.WITHOUT_STUB,
        ),
        ("Failed to connect to ESP32: No serial data received.", Again.NO),
        ("Failed to connect to ESP32: Wrong boot mode detected (0x13)!", Again.NO),
        ("This chip is ESP32-S3, not ESP32. Wrong chip argument?", Again.NO),
        ("Secure Boot V1 detected, writing to flash regions < 0x8000 is disabled", Again.NO),
    ],
)
def test_what_another_attempt_can_help(said: str, again: Again) -> None:
    fault = esptool_faults.judge(attempt(f"Connecting...\n\nA fatal error occurred: {said}\n"))
    assert fault.again is again
    assert any(said.strip() in line for line in fault.error.detail)


def test_a_port_that_vanished_is_told_from_one_in_use(tmp_path: Path) -> None:
    gone = os.fspath(tmp_path / "ttyUSB9")
    fault = esptool_faults.judge(attempt(OPEN.format(port=gone, why="[Errno 2] no such"), gone))
    assert fault.error.what == f"port {gone} does not exist"
