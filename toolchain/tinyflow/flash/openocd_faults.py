"""What OpenOCD's complaints mean to the person at the board."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tinyflow import process
from tinyflow.boards import BoardProfile
from tinyflow.errors import DeviceError, ProjectError, TinyflowError, ToolError

LEAST_VOLTS = 1.5


@dataclass(frozen=True)
class Attempt:
    """One run of OpenOCD and what it said."""

    board: BoardProfile
    done: process.Completed
    log: Path | None = None

    @property
    def detail(self) -> list[str]:
        """OpenOCD's own words, the first two complaints, and where the rest is."""
        said = [line.strip() for line in re.findall(r"^.*\bError: (.+)$", self.done.stdout, re.M)]
        shown = [f"OpenOCD: {line}" for line in dict.fromkeys(said[:2])]
        return shown + ([f"log: {self.log}"] if self.log else [])


def judge(attempt: Attempt) -> TinyflowError:
    """What an attempt that did not succeed means."""
    for pattern, explain in _RULES:
        found = re.search(pattern, attempt.done.stdout, re.IGNORECASE | re.MULTILINE)
        if found:
            error = explain(attempt, found)
            if error is not None:
                return error
    return ToolError.from_command(
        f"OpenOCD did not write board {attempt.board.name}",
        attempt.done.command,
        attempt.done.status,
        attempt.done.stdout,
        attempt.log,
    )


def _no_config(attempt: Attempt, found: re.Match[str]) -> ProjectError:
    return ProjectError(
        f"OpenOCD does not have {found.group(1)}, which the profile of board "
        f"{attempt.board.name} names",
        attempt.detail,
        ["correct openocd.config in the board's profile", "openocd --version"],
    )


def _too_old(attempt: Attempt, _: re.Match[str]) -> ToolError:
    version = re.search(r"Open On-Chip Debugger (\S+)", attempt.done.stdout)
    return ToolError(
        f"OpenOCD {version.group(1) if version else ''} is too old to choose a probe by its number",
        attempt.detail,
        ["install OpenOCD 0.12 or newer", "plug in one probe only, and its port by another name"],
    )


def _not_allowed(attempt: Attempt, _: re.Match[str]) -> DeviceError:
    return DeviceError(
        f"the system does not let this user open the probe of board {attempt.board.name}",
        attempt.detail,
        [
            "install the udev rules that come with OpenOCD (60-openocd.rules)",
            "sudo udevadm control --reload && sudo udevadm trigger",
            "then unplug the board and plug it in again",
        ],
    )


def _in_use(attempt: Attempt, _: re.Match[str]) -> DeviceError:
    return DeviceError(
        f"the probe of board {attempt.board.name} is in use by another program",
        attempt.detail,
        ["close the debugger or IDE that has it open"],
    )


def _no_probe(attempt: Attempt, _: re.Match[str]) -> DeviceError:
    settings = attempt.board.openocd
    wanted = ", ".join(settings.config) if settings else ""
    return DeviceError(
        f"no debug probe for board {attempt.board.name} is connected",
        [f"looked for one as in {wanted}", *attempt.detail],
        ["plug the probe in with a cable that carries data", "lsusb"],
    )


def _voltage(attempt: Attempt, found: re.Match[str]) -> DeviceError | None:
    volts = float(found.group(1))
    if volts >= LEAST_VOLTS:
        return None
    return DeviceError(
        f"board {attempt.board.name} has no power: the probe measures {volts:.2f} V",
        [f"it takes {LEAST_VOLTS} V or more", *attempt.detail],
        ["power the board", "connect the probe's VTref to the board's supply"],
    )


def _wrong_chip(attempt: Attempt, found: re.Match[str]) -> DeviceError:
    return DeviceError(
        f"the chip at the probe is not that of board {attempt.board.name}",
        [f"OpenOCD: {found.group(0).strip()}", *attempt.detail[-1:]],
        ["name the right board with --board, or its port with --port", "tinyflow boards"],
    )


def _no_target(attempt: Attempt, _: re.Match[str]) -> DeviceError:
    return DeviceError(
        f"the probe is there, but the chip of board {attempt.board.name} does not answer",
        attempt.detail,
        ["check power and the wires SWDIO, SWCLK and GND", "hold RESET while it connects"],
    )


def _too_large(attempt: Attempt, found: re.Match[str]) -> DeviceError:
    return DeviceError(
        f"the chip at the probe has no flash at {found.group(1)}, where the image of board "
        f"{attempt.board.name} goes",
        attempt.detail,
        ["name the right board with --board, or its port with --port"],
    )


def _protected(attempt: Attempt, _: re.Match[str]) -> DeviceError:
    return DeviceError(
        f"the flash of board {attempt.board.name} is protected",
        attempt.detail,
        ["take the protection off with the maker's own tool; that erases the chip"],
    )


def _closed(attempt: Attempt, _: re.Match[str]) -> DeviceError:
    configs = attempt.board.openocd.config if attempt.board.openocd else ()
    erase = ["openocd", *(f"-f {name}" for name in configs), "-c 'init; nrf52_recover; exit'"]
    return DeviceError(
        f"the chip of board {attempt.board.name} is closed to debug probes",
        attempt.detail,
        [f"{' '.join(erase)}  # erases all of the chip"],
    )


def _not_kept(attempt: Attempt, _: re.Match[str]) -> DeviceError:
    return DeviceError(
        f"the flash of board {attempt.board.name} does not hold what was written",
        attempt.detail,
        ["run this again, with a shorter cable; where it stays, the chip is worn out"],
    )


def _lost(attempt: Attempt, _: re.Match[str]) -> DeviceError:
    return DeviceError(
        f"the connection to board {attempt.board.name} broke while it was written",
        attempt.detail,
        ["plug the probe in again, without a hub, and run this again"],
    )


_Rule = Callable[[Attempt, "re.Match[str]"], TinyflowError | None]

# The first that is found counts: causes come before what follows from them.
_RULES: tuple[tuple[str, _Rule], ...] = (
    (r"Can't find (\S+)", _no_config),
    (r"invalid (?:sub)?command.*adapter serial|adapter serial.*(?:invalid|unknown)", _too_old),
    (r"LIBUSB_ERROR_ACCESS|permission denied|insufficient permissions", _not_allowed),
    (r"LIBUSB_ERROR_BUSY|resource busy", _in_use),
    (
        r"open failed|unable to find a matching|no device found|unable to open \w+ device"
        r"|no (?:J-Link|CMSIS-DAP|ST-?LINK) device",
        _no_probe,
    ),
    (r"target voltage: ([\d.]+)", _voltage),
    (
        r"cannot identify target as.*|unexpected idcode.*|tap/device found:.*expected.*"
        r"|expected \d+ of \d+: 0x.*",
        _wrong_chip,
    ),
    (r"no flash bank found for address (0x[0-9a-f]+)", _too_large),
    (r"has AP lock engaged", _closed),
    (
        r"(?:is|device|flash|bank) (?:\w+ )?protected|write protect|read[- ]?out protection",
        _protected,
    ),
    (r"\*\* Verify Failed \*\*|contents differ", _not_kept),
    (
        r"LIBUSB_ERROR_(?:NO_DEVICE|IO|PIPE|TIMEOUT)|remote_bitbang_\w+: Assertion|broken pipe"
        r"|failed erasing|error writing to flash|programming failed",
        _lost,
    ),
    (
        r"scan chain interrogation failed|OpenOCD init failed|unable to connect to the target"
        r"|cannot read IDR|could not find MEM-AP|timed out while waiting for target"
        r"|unable to reset target|error connecting DP",
        _no_target,
    ),
)
