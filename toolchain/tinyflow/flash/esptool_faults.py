"""What esptool's complaints mean to the person at the board.

esptool says what it saw; these functions say what is wrong and what to do, and whether another
attempt can help.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tinyflow import port_faults
from tinyflow.errors import DeviceError, TinyflowError, ToolError

DOWNLOAD_MODE = "hold BOOT, press and release RESET (EN), release BOOT, then run this again"


class Again(enum.Enum):
    """Which change could make another attempt succeed."""

    NO = "no"
    SLOWER = "slower"
    WITHOUT_STUB = "without stub"


@dataclass(frozen=True)
class Attempt:
    """One run of esptool: what it was to do and what it said. `chip` is what the board has."""

    board: str
    chip: str
    port: str
    baud: int
    flash_size: str
    command: tuple[str, ...] = ()
    status: int | None = None
    output: str = ""
    log: Path | None = None

    @property
    def reason(self) -> str:
        """esptool's own words, in one line; empty when it gave none."""
        found = re.search(r"(?:fatal|serial exception) error occurred: (.+)", self.output)
        return found.group(1).strip() if found else ""

    @property
    def detail(self) -> list[str]:
        said = [f"esptool: {self.reason}"] if self.reason else []
        return said + ([f"log: {self.log}"] if self.log else [])


@dataclass(frozen=True)
class Fault:
    """An error for the reader, and whether another attempt can help."""

    error: TinyflowError
    again: Again = Again.NO


def judge(attempt: Attempt) -> Fault:
    """What an attempt that did not succeed means."""
    for pattern, explain in _RULES:
        found = re.search(pattern, attempt.output, re.IGNORECASE)
        if found:
            return explain(attempt, found)
    return Fault(
        ToolError.from_command(
            f"esptool did not write board {attempt.board} on {attempt.port}",
            attempt.command,
            attempt.status,
            attempt.output,
            attempt.log,
        )
    )


def warned(attempt: Attempt, line: str) -> Fault | None:
    """The fault in a line that esptool itself takes for a warning and goes on from."""
    unknown = re.search(r"doesn't appear to be an? (\S+) \(read chip [\w ]+?(\S+)\)", line)
    if unknown:
        return Fault(_other_chip(attempt, f"of an unknown kind ({unknown.group(2)})"))
    smaller = re.search(r"larger than the available flash size of (\w+)", line)
    if smaller:
        return Fault(
            DeviceError(
                f"the chip on {attempt.port} has {smaller.group(1)} of flash, "
                f"the profile of board {attempt.board} says {attempt.flash_size}",
                (),
                [f'set flash_size = "{smaller.group(1)}" in the board\'s profile'],
            )
        )
    return None


def _refused_to_open(attempt: Attempt, _: re.Match[str]) -> Fault:
    return Fault(port_faults.explain(attempt.port, attempt.output, attempt.detail))


def _silent(attempt: Attempt, _: re.Match[str]) -> Fault:
    over_tcp = attempt.port.startswith("socket:")
    return Fault(
        DeviceError(
            f"the chip on {attempt.port} does not answer as a loader",
            ["TCP carries no reset line: the board must be reset by hand"] * over_tcp
            + attempt.detail,
            [DOWNLOAD_MODE, "check that no other board is on this port, and its power"],
        )
    )


def _other_chip(attempt: Attempt, chip: str) -> DeviceError:
    return DeviceError(
        f"the chip on {attempt.port} is {chip}, board {attempt.board} has {attempt.chip}",
        attempt.detail,
        ["tinyflow boards", "name the right board with --board, or its port with --port"],
    )


def _wrong_chip(attempt: Attempt, found: re.Match[str]) -> Fault:
    return Fault(_other_chip(attempt, found.group(1)))


def _too_large(attempt: Attempt, found: re.Match[str]) -> Fault:
    name, size, offset, limit = found.groups()
    return Fault(
        DeviceError(
            f"{Path(name).name} does not fit the flash of the chip on {attempt.port}",
            [f"{int(size)} B at {int(offset, 16):#x}, the flash has {int(limit)} B"],
        )
    )


def _no_stub(attempt: Attempt, _: re.Match[str]) -> Fault:
    error = DeviceError(
        f"the chip on {attempt.port} does not start esptool's flasher", attempt.detail
    )
    return Fault(error, Again.WITHOUT_STUB)


def _bad_link(attempt: Attempt, _: re.Match[str]) -> Fault:
    error = DeviceError(
        f"the link to board {attempt.board} on {attempt.port} loses or changes data",
        [f"at {attempt.baud} baud", *attempt.detail],
        [
            "use another cable, without a hub",
            "lower esptool.baud in the board's profile",
        ],
    )
    return Fault(error, Again.SLOWER)


_RULES: tuple[tuple[str, Callable[[Attempt, re.Match[str]], Fault]], ...] = (
    (r"could not open .+, the port is busy or doesn't exist", _refused_to_open),
    (r"this chip is (.+?), not (.+?)\.", _wrong_chip),
    (r"File '(.+)' \(length (\d+)\)\s+at offset (\S+) will not fit in (\d+) bytes", _too_large),
    (r"error occurred: failed to connect to", _silent),
    (r"failed to (?:start stub flasher|enter RAM download|write to target RAM)", _no_stub),
    (
        r"MD5 of file does not match|written flash region is empty|possible serial noise"
        r"|no serial data received|content transfer stopped|invalid SLIP escape"
        r"|invalid head of packet|response doesn't match request|no more data to read"
        r"|chip stopped responding|serial exception error occurred|failed to set baud rate"
        r"|failed to (?:write|enter|leave|read|configure|set|calculate)\b.*(?:result was|only got)"
        r"|write timeout|unable to verify flash chip connection|guru meditation"
        r"|lost connection|is not supported in the current download mode",
        _bad_link,
    ),
)
