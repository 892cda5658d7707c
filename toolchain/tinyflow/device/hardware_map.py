"""The hardware map: which boards a rig has, by the serial numbers of their USB, in a YAML file.

    boards:
      - name: bench-1
        board: esp32
        serial: "0001"
        power: {cycle: [uhubctl, -l, 1-1, -a, cycle]}
        tags: [microphone]

A text is a text here, whatever it looks like: `0001` stays a serial number, `off` a key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le

from tinyflow import schema
from tinyflow.boards import BoardProfile, board_folders, board_names, load_board
from tinyflow.device import ports
from tinyflow.errors import DeviceError, ProjectError, near_miss

MAX_BYTES = 1 << 18
MAX_BOARDS = 256
MAX_DEPTH = 16
MAX_NAME = 64  # characters; logs are named by it
MAX_BAUD = 20_000_000
# Kept as numbers; everything else in the file is a text.
INTEGERS = ("baud",)
REALS = ("seconds",)

Command = tuple[str, ...]


@dataclass(frozen=True)
class Power(schema.Checked):
    """How a board is cut from its power: `cycle` alone, or `off` and `on` with a rest between.

    Each is a program and its arguments; no shell reads them. `seconds` is how long the board
    stays without power between `off` and `on`.
    """

    cycle: Command = ()
    off: Command = ()
    on: Command = ()
    seconds: Annotated[float, Ge(0), Le(60)] = 1.0


@dataclass(frozen=True)
class Entry(schema.Checked):
    """One board of the rig. `board` names its profile.

    It is on the port whose USB has `serial`, else on `port` as `--port` takes it; a board on USB
    with neither is found by its profile's USB ids. `baud`, `runner` and `builder` override the
    profile's. `model` is a .tflite beside the map that this board gets in place of the one asked
    for. `tags` are capabilities that tests may require.
    """

    name: str
    board: str
    serial: str = ""
    port: str = ""
    baud: Annotated[int, Gt(0), Le(MAX_BAUD)] | None = None
    runner: str = ""
    builder: str = ""
    power: Power = Power()
    model: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listing(schema.Checked):
    """The file as it is written."""

    boards: tuple[Entry, ...]


@dataclass(frozen=True)
class HardwareMap:
    """The boards of a rig, in the file's order; their names differ."""

    path: Path
    boards: tuple[Entry, ...]

    def find(self, name: str) -> tuple[Entry, ...]:
        """The board of that name, else all with that profile; empty where there is none."""
        named = tuple(entry for entry in self.boards if entry.name == name)
        return named or tuple(entry for entry in self.boards if entry.board == name)

    def model(self, entry: Entry) -> Path | None:
        """The .tflite that the board gets, None where the map names none."""
        return self.path.parent / entry.model if entry.model else None


def load_map(path: Path) -> HardwareMap:
    """The hardware map in `path`.

    Raises ProjectError where it cannot be read, is larger than 256 KB or no plain YAML, and with
    all faults at once where it does not say what a map says.
    """
    listing = schema.check(Listing, _numbers(_read(path)), path)
    faults = list(_faults(listing.boards, path.parent))
    if faults:
        count = f"{len(faults)} entries" if len(faults) > 1 else "an entry"
        raise ProjectError(f"{path} has {count} to fix", faults)
    return HardwareMap(path, listing.boards)


def profile_of(entry: Entry, folder: Path | None = None) -> BoardProfile:
    """The board's profile with the entry's builder, runner and baud rate.

    Profiles of the project in `folder` come first. Raises ProjectError as `load_board` does.
    """
    from dataclasses import replace

    profile = load_board(entry.board, folder)
    if entry.builder:
        profile = profile.for_builder(entry.builder)
    if entry.runner:
        profile = profile.for_runner(entry.runner)
    return replace(profile, baud=entry.baud) if entry.baud is not None else profile


def port_of(entry: Entry, profile: BoardProfile) -> str:
    """What pyserial opens for the board. Raises DeviceError where it is not there.

    Of a USB device with several ports the one is taken whose USB ids are the profile's.
    """
    if not entry.serial:
        return ports.find_port(profile, entry.port or None)
    there = ports.list_ports()
    found = [port for port in there if port.serial and port.serial == entry.serial]
    ids = {(usb.vendor, usb.product) for usb in profile.usb}
    known = [port for port in found if (port.vendor, port.product) in ids]
    found = known if len(known) == 1 else found
    if len(found) == 1:
        return found[0].path
    if found:
        raise DeviceError(
            f"{len(found)} ports have the USB serial number {entry.serial} of {entry.name}",
            [str(port) for port in found],
            ["name the board's `port` in the hardware map instead"],
        )
    close = near_miss(entry.serial, [port.serial for port in there if port.serial])
    raise DeviceError(
        f"board {entry.name} is not there: no port has the USB serial number {entry.serial}"
        + (f", did you mean {close}?" if close else ""),
        ports.listed(there),
    )


def _faults(boards: Sequence[Entry], folder: Path) -> Iterator[str]:
    if not 1 <= len(boards) <= MAX_BOARDS:
        yield f"boards: {len(boards)} of them, 1 to {MAX_BOARDS} can be"
        return
    known = board_names(board_folders(folder))
    names: set[str] = set()
    places: dict[str, str] = {}  # which board is there
    for entry in boards:
        board = f"board {entry.name!r}"
        if entry.name in names:
            yield f"{board}: the name stands there twice"
        names.add(entry.name)
        for fault in _own_faults(entry, known, folder):
            yield f"{board}: {fault}"
        place = _place(entry, folder) if entry.board in known else ""
        if place and places.setdefault(place, entry.name) != entry.name:
            yield f"{board}: {place}, as {places[place]!r} is"


def _own_faults(entry: Entry, known: Sequence[str], folder: Path) -> Iterator[str]:
    name, power = entry.name, entry.power
    if not name.replace("-", "").replace("_", "").isalnum() or len(name) > MAX_NAME:
        yield f"a name has letters, digits, - and _, {MAX_NAME} of them at most"
    if entry.serial and entry.port:
        yield "serial and port are given, one of them says where it is"
    if "://" in entry.port:
        try:
            ports.named_port(entry.port)
        except DeviceError as error:
            yield error.what
    if bool(power.off) != bool(power.on):
        yield "power.off and power.on go together"
    if power.cycle and power.off:
        yield "power.cycle and power.off are given, one of them says how"
    if any(command and not command[0] for command in (power.cycle, power.off, power.on)):
        yield "a command of power begins with a program"
    if entry.board not in known:
        close = near_miss(entry.board, known)
        yield f"board {entry.board} is unknown" + (f", did you mean {close}?" if close else "")
        return
    try:
        profile = profile_of(entry, folder)
    except ProjectError as error:
        yield error.what
        return
    if profile.emulated and not entry.port and (entry.serial or power != Power()):
        yield f"board {entry.board} is a program on this machine, without a port or power to cut"


def _place(entry: Entry, folder: Path) -> str:
    """Where the board is, for the reader; empty for a program that is started for each."""
    if entry.serial:
        return f"it is at serial number {entry.serial}"
    if entry.port:
        return f"it is at port {entry.port}"
    if load_board(entry.board, folder).emulated:
        return ""
    return f"it is found by the USB ids of {entry.board}"


def _read(path: Path) -> dict[str, Any]:
    """The file as dictionaries, lists and texts."""
    import yaml

    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ProjectError(f"{path} is larger than the limit of {MAX_BYTES} B")
    try:
        _check_events(path, raw)
        # It makes nothing but dictionaries, lists and texts.
        data = yaml.load(raw, Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise ProjectError(f"{path} is not valid YAML", [said]) from None
    if not isinstance(data, dict):
        raise ProjectError(
            f"{path} is not a hardware map", ["it begins with `boards:` and a list of boards"]
        )
    return data


def _check_events(path: Path, raw: bytes) -> None:
    """Raise ProjectError for what makes small files large, or says something twice.

    The bound on the depth holds before anything recursive reads the file.
    """
    import yaml

    depth = 0
    for event in yaml.parse(raw, Loader=yaml.BaseLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise ProjectError(f"{path} line {line} has an anchor or alias, a map takes none")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ProjectError(f"{path} is nested deeper than {MAX_DEPTH} levels")
    twice = []
    for node in _mappings(yaml.compose(raw, Loader=yaml.BaseLoader)):
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                twice.append(f"line {key.start_mark.line + 1}: {name} stands there twice")
            seen.add(name)
    if twice:
        raise ProjectError(f"{path} has keys that stand there twice", twice)


def _mappings(node: Any) -> Iterator[Any]:
    import yaml

    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value)


def _numbers(value: Any, key: str = "") -> Any:
    """`value` with the texts of numeric keys as numbers, as far as they are some."""
    if isinstance(value, dict):
        return {name: _numbers(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    try:
        if key in INTEGERS:
            return int(value)
        return float(value) if key in REALS else value
    except ValueError:
        return value
