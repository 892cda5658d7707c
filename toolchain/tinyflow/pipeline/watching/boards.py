"""Which boards are watched, and how each is opened, again and again.

A real board is watched as it is, and so is an emulated one on a port that the user names; any other
emulated board is a program that is started here, and started anew when it has ended.
"""

from __future__ import annotations

import contextlib
import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from tinyflow.artifacts import CompiledModel, DeviceHello, FlashedBoard
from tinyflow.boards import BoardProfile
from tinyflow.errors import ProjectError
from tinyflow.pipeline.inputs import real_inputs, seeded_inputs
from tinyflow.pipeline.walk import Walk
from tinyflow.pipeline.watching.document import document

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes
    from tinyflow.device import Device
    from tinyflow.device.reappear import Seen

REPLAY_INPUTS = 64
MAX_BOARDS = 256


@dataclass(frozen=True)
class Asked:
    """A board that the user asks for: a profile, a port where one was named, a name for its rows.

    `find` finds the port instead, each time. `builder`, `runner`, `model` and `baud` go before what
    holds for all boards, where they are given.
    """

    board: str | None
    port: str | None = None
    name: str = ""
    find: Callable[[BoardProfile], str] | None = None
    builder: str = ""
    runner: str = ""
    model: Path | None = None
    baud: int | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether it is on a port, and not to be started here."""
        return self.port is not None or self.find is not None


Opening: TypeAlias = "Callable[[], contextlib.AbstractContextManager[tuple[Device, str]]]"
"""Opens a session with a board, and tells the name of its device."""


@dataclass(frozen=True)
class Scene:
    """What watching one board takes.

    `inputs` are fed to it, None where it has its own. `senses` is whether it has a sensor. `steady`
    is whether its clock is one of time. `told` is as in CompiledModel.
    """

    board: str
    device: str
    model_sha256: str
    open: Opening
    describe: Callable[[DeviceHello], Mapping[str, Any]]
    inputs: Bytes | None = None
    senses: bool = False
    steady: bool = False
    told: tuple[int, ...] = ()


def asked_for(
    boards: Sequence[str],
    duts: Sequence[str] = (),
    port: str | None = None,
    hardware_map: Path | None = None,
) -> list[Asked]:
    """The boards that were asked for by `--board`, `--dut NAME[@PORT]` and a hardware map.

    None at all is the project's own. Raises ProjectError for a port without a board to go with, and
    for one that is named twice.
    """
    found = [Asked(name) for name in boards]
    for dut in duts:
        name, at, place = dut.partition("@")
        if not name or (at and not place):
            raise ProjectError(
                f"{dut!r} is not a board, or a board and its port",
                hints=["--dut esp32@/dev/ttyUSB0"],
            )
        found.append(Asked(name, place or None))
    if hardware_map is not None:
        found += _mapped(hardware_map)
    if port is not None:
        if len(found) > 1:
            raise ProjectError(
                f"one port was named for {len(found)} boards",
                hints=[f"--dut {found[0].board}@{port}"],
            )
        found = [Asked(found[0].board if found else None, port)]
    ports = Counter(one.port for one in found if one.port is not None)
    if twice := [place for place, times in ports.items() if times > 1]:
        raise ProjectError(f"port {twice[0]} was named for {ports[twice[0]]} boards")
    if len(found) > MAX_BOARDS:
        raise ProjectError(f"{len(found)} boards were named, the limit is {MAX_BOARDS}")
    return found or [Asked(None)]


def _mapped(file: Path) -> list[Asked]:
    """The boards of a rig."""
    from tinyflow.device.hardware_map import load_map, port_of

    rig = load_map(file)
    return [
        Asked(
            entry.board,
            entry.port or None,
            entry.name,
            functools.partial(port_of, entry) if entry.serial else None,
            entry.builder,
            entry.runner,
            rig.model(entry),
            entry.baud,
        )
        for entry in rig.boards
    ]


def scenes(
    asked: Sequence[Asked], walk_of: Callable[[Asked], Walk], replay: bool | None
) -> list[Scene]:
    """What watching these boards takes; builds the images of those that are started here.

    `replay` feeds inputs to them meanwhile; None: to those that are started here.
    """
    walks: dict[object, Walk] = {}
    fed: dict[object, Bytes] = {}
    numbers: Counter[str] = Counter()
    taken = {one.name for one in asked}
    found = []
    for one in asked:
        key = (one.board, one.builder, one.runner, one.model)
        if key not in walks:
            walks[key] = walk_of(one)
        walk = walks[key]
        board = walk.require_board()
        numbers[board.name] += 1
        while f"{board.name}-{numbers[board.name]}" in taken:  # a rig calls another board so
            numbers[board.name] += 1
        started = board.emulated and not one.elsewhere
        place: _Started | _Found = (
            _Started(walk, one.name or f"{board.name}-{numbers[board.name]}")
            if started
            else _Found(walk, one)
        )
        inputs = None
        if started if replay is None else replay:
            if key not in fed:
                fed[key] = _inputs(walk)
            inputs = fed[key]
        found.append(
            Scene(
                board=board.name,
                device=place.device,
                model_sha256=walk.compiled().model_sha256,
                open=place.open,
                describe=_description(walk, walk.compiled()),
                inputs=inputs,
                senses=walk.sensor() is not None,
                steady=not board.emulated,
                told=walk.compiled().told,
            )
        )
    return found


class _Started:
    """A board that is a program on this machine."""

    def __init__(self, walk: Walk, device: str) -> None:
        self._walk = walk
        self.device = device
        self._image = walk.image()

    @contextlib.contextmanager
    def open(self) -> Iterator[tuple[Device, str]]:
        from tinyflow import device
        from tinyflow.pipeline import flashing

        log = self._walk.logs / f"{self.device}.log"
        board = self._walk.require_board()
        with flashing.flashed(self._image, board, None, log) as place, device.connect(place) as dut:
            yield dut, self.device


class _Found:
    """A board that runs already."""

    def __init__(self, walk: Walk, asked: Asked) -> None:
        self._walk = walk
        self._asked = asked
        self._before: Seen | None = None
        self.device = asked.name or asked.port or ""

    @contextlib.contextmanager
    def open(self) -> Iterator[tuple[Device, str]]:
        from tinyflow import device

        board, asked = self._walk.require_board(), self._asked
        path = self._path()
        if self._before is None or self._before.path != path:
            self._before = device.seen(path)
        seen = self._before
        name = asked.name or (seen.port.serial if seen.port is not None else "") or path
        model = self._walk.compiled().model_sha256
        baud = board.baud if asked.baud is None else asked.baud
        flashed = FlashedBoard(board.name, path, baud, model, "", reset=seen.reset(board))
        with device.connect(flashed) as dut:
            yield dut, name

    def _path(self) -> str:
        """Where the board is now: it may have come back under another name."""
        from tinyflow import device

        board = self._walk.require_board()
        if self._asked.find is not None:
            return self._asked.find(board)
        if self._before is None:
            return device.find_port(board, self._asked.port)
        return device.wait_for(self._before, board, 0.0)


def _description(walk: Walk, compiled: CompiledModel) -> Callable[[DeviceHello], Mapping[str, Any]]:
    from tinyflow.config import AlertsConfig, BudgetConfig

    project = walk.project
    of_project = project is not None and walk.model is None
    labels = walk.dataset().labels if of_project else ()
    alerts = project.config.alerts if project is not None else AlertsConfig()
    budget = project.config.budget if project is not None else BudgetConfig()
    return lambda hello: document(hello, compiled, labels, alerts, budget)


def _inputs(walk: Walk) -> Bytes:
    specs = walk.compiled().inputs
    if walk.project is not None and walk.model is None:
        real = real_inputs(specs, walk.dataset())
        if real is not None:
            return real
    return seeded_inputs(specs, REPLAY_INPUTS, walk.seed)
