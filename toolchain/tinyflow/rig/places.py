"""The boards that a run of tests is for: as they were asked for, and what each can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinyflow import device
from tinyflow.boards import BoardProfile, load_board
from tinyflow.device.hardware_map import (
    MAX_BAUD,
    Entry,
    HardwareMap,
    Power,
    port_of,
    profile_of,
)
from tinyflow.device.wiring import WIRINGS
from tinyflow.errors import DeviceError, ProjectError, near_miss

# These bring a board into a bootloader by other means than its port's lines.
BOOTLOADER_RUNNERS = ("bossac", "picotool", "uf2")


@dataclass(frozen=True)
class Place:
    """One board of a rig. `entry` is what the hardware map or the command line says of it.

    `capabilities` are what tests may require: see `capabilities_of`. `model` is the .tflite that
    the map gives to this board, None where it gets the one asked for.
    """

    name: str
    profile: BoardProfile
    entry: Entry
    capabilities: frozenset[str]
    model: Path | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def started(self) -> bool:
        """Whether the board is a program that the rig starts and ends."""
        return self.profile.emulated and not self.entry.port

    @property
    def power(self) -> Power:
        """How its power is cut, where that is not by ending a program."""
        return self.entry.power

    def port(self) -> str:
        """What pyserial opens for it. Raises DeviceError where it is not there."""
        return port_of(self.entry, self.profile)

    def absent(self) -> str:
        """Why the board cannot be used here; empty where it is there."""
        if not self.started:
            try:
                self.port()
            except DeviceError as error:
                return "" if self._in_bootloader() else str(error)
            return ""
        settings = self.profile.qemu
        if self.profile.runner == "qemu" and settings is not None:
            from tinyflow import process

            if process.find_program(settings.program) is None:
                return f"{settings.program}, which emulates board {self.name}, is not installed"
        return ""

    def _in_bootloader(self) -> bool:
        """Whether the drive of its bootloader is there: it has no port until it is flashed."""
        from tinyflow import flash

        by_drive = self.profile.runner in ("picotool", "uf2")
        return by_drive and not flash.without_bootloader(self.profile)

    def lacks(self, required: Sequence[str]) -> str:
        """Which of the required capabilities the board does not have; empty where it has all."""
        missing = [name for name in required if name not in self.capabilities]
        if not missing:
            return ""
        said = []
        for name in missing:
            close = near_miss(name, self.capabilities)
            said.append(name + (f" (it has {close})" if close else ""))
        return f"board {self.name} lacks {', '.join(said)}"


@dataclass(frozen=True)
class Wanted:
    """What was asked for: boards by name, and where a single one is."""

    boards: tuple[str, ...] = ()
    port: str = ""
    baud: int | None = None


def choose(
    wanted: Wanted,
    rig: HardwareMap | None,
    folder: Path | None = None,
    shared: frozenset[str] = frozenset(),
) -> list[Place]:
    """The boards that are meant; none where none was named and there is no map.

    A name is that of a board in the map, else of a profile, whose boards in the map are all taken;
    without a name all of the map are. Profiles of the project in `folder` come first. `shared` are
    capabilities that all have by what they run. Raises ProjectError where a name is unknown, the
    baud rate can be none, or `port` is given for more than one board; DeviceError where `port` is
    no URL that can be opened.
    """
    if not wanted.boards:
        entries = list(rig.boards) if rig is not None else []
    else:
        entries = [entry for name in wanted.boards for entry in _named(name, rig, folder)]
    # One that was named twice is one board.
    entries = list(dict.fromkeys(entries))
    if wanted.baud is not None and not 0 < wanted.baud <= MAX_BAUD:
        raise ProjectError(f"a baud rate is 1 to {MAX_BAUD}, found {wanted.baud}")
    if "://" in wanted.port:
        device.named_port(wanted.port)
    if wanted.port or wanted.baud is not None:
        if len(entries) != 1:
            raise ProjectError(
                f"a port or baud rate is of one board, {len(entries)} are meant",
                [", ".join(entry.name for entry in entries)] if entries else [],
                ["name one with --tf-board", "name each board's port in a hardware map"],
            )
        (entry,) = entries
        if wanted.port:
            entry = replace(entry, port=wanted.port, serial="")
        entries = [replace(entry, baud=wanted.baud or entry.baud)]
    return [_place(entry, rig, folder, shared) for entry in entries]


def _named(name: str, rig: HardwareMap | None, folder: Path | None) -> tuple[Entry, ...]:
    found = rig.find(name) if rig is not None else ()
    if found:
        return found
    try:
        load_board(name, folder)
    except ProjectError as error:
        if rig is None:
            raise
        listed = ", ".join(entry.name for entry in rig.boards)
        detail = [*error.detail, f"in {rig.path}: {listed}"]
        raise ProjectError(error.what, detail, error.hints) from None
    return (Entry(name, name),)


def _place(
    entry: Entry, rig: HardwareMap | None, folder: Path | None, shared: frozenset[str]
) -> Place:
    profile = profile_of(entry, folder)
    model = rig.model(entry) if rig is not None else None
    return Place(entry.name, profile, entry, capabilities_of(entry, profile) | shared, model)


def capabilities_of(entry: Entry, profile: BoardProfile) -> frozenset[str]:
    """What the board can do, and the map's tags.

    `emulated` or `hardware`; the unit that its inferences are counted in (`instructions`, `cycles`,
    `nanoseconds`), and `counter` where that is no clock of a busy machine; `power` where its power
    can be cut; `bootloader` where it can be sent into one.
    """
    found = {*entry.tags, profile.counter.unit, "emulated" if profile.emulated else "hardware"}
    if profile.counter.unit != "nanoseconds":
        found.add("counter")
    power = entry.power
    if (profile.emulated and not entry.port) or power.cycle or power.off:
        found.add("power")
    wirings = {profile.reset, *(usb.reset for usb in profile.usb if usb.reset is not None)}
    if not profile.emulated and (
        profile.runner in BOOTLOADER_RUNNERS or any(WIRINGS[name].loader for name in wirings)
    ):
        found.add("bootloader")
    return frozenset(found)
