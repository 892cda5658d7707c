"""One board in use: locked, built for, flashed once, connected, and put right between tests."""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tinyflow import device, paths, process
from tinyflow.artifacts import CompiledModel, FlashedBoard, Telemetry
from tinyflow.device import ConsoleLine, LogLine
from tinyflow.device.link import Link, Transport
from tinyflow.device.wiring import WIRINGS
from tinyflow.errors import DeviceError, ProjectError
from tinyflow.rig.dut import Counted, Dut, Firmware
from tinyflow.rig.faults import FaultyLine, Kind
from tinyflow.rig.lock import FileLock
from tinyflow.rig.places import Place

if TYPE_CHECKING:
    from tinyflow.compiler.host import HostModel
    from tinyflow.device.session import News
    from tinyflow.pipeline import Walk

POWER_SECONDS = 60.0
RETURN_SECONDS = 15.0
RETRY_SECONDS = 0.2
KEPT_LINES = 400
LOG_LINES = 20


@dataclass(frozen=True)
class Terms:
    """How the boards of a run are used.

    `model` and `project` are what runs on them (neither: what is there already). `run` is the same
    for all workers of a run; `shared`: there are others, so that a board is given back after each
    test. `worker` tells their logs apart.
    """

    folder: Path
    model: Path | None = None
    project: Path | None = None
    no_flash: bool = False
    run: str = ""
    shared: bool = False
    worker: str = "main"


class Seat:
    """A board of the rig, with what runs on it. `begin` and `end` stand around each test."""

    def __init__(self, place: Place, terms: Terms) -> None:
        self.place = place
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._terms = terms
        self._running = contextlib.ExitStack()
        self._flashed: FlashedBoard | None = None
        self._lines: list[FaultyLine] = []  # in front of the board, the last one outermost
        self._dut: Dut | None = None
        self._host: HostModel | None = None
        port = place.entry.port
        if port.startswith("/"):
            port = os.path.realpath(port)  # a link to it is the same board
        identity = place.entry.serial or port or place.name
        file = "".join(c if c.isalnum() else "_" for c in identity)
        self._lock = FileLock(paths.user_cache() / "rig" / f"{file}.lock", f"board {place.name}")

    # What runs on it

    @functools.cached_property
    def walk(self) -> Walk | None:
        """The road to the firmware; None where nothing was named to run."""
        from tinyflow import pipeline

        terms, entry = self._terms, self.place.entry
        model = self.place.model or terms.model
        folder = terms.project or terms.folder
        if model is None and paths.find_project(folder) is None:
            return None
        profile = self.place.profile
        walk = pipeline.start(
            board=entry.board,
            model=model,
            folder=folder,
            builder=entry.builder or None,
            runner=profile.runner,
        )
        return replace(walk, board=replace(walk.require_board(), baud=profile.baud))

    def require_walk(self) -> Walk:
        """The road to the firmware. Raises ProjectError where nothing was named to run."""
        if self.walk is None:
            raise ProjectError(
                f"nothing was named to run on board {self.place.name}",
                hints=["--tf-model model.tflite", "--tf-project DIR"],
            )
        return self.walk

    @functools.cached_property
    def compiled(self) -> CompiledModel | None:
        """The model, as C for this board; None where nothing was named."""
        if self.walk is None:
            return None
        with self._alone():
            return self.walk.compiled()

    @functools.cached_property
    def firmware(self) -> Firmware:
        """What is built for the board, and put there. Raises what a build raises."""
        walk = self.require_walk()
        with self._alone():
            return Firmware(self.place.name, walk.image(), walk.compiled())

    def host(self) -> HostModel:
        """The same model on this machine."""
        from tinyflow.compiler.host import HostModel

        if self._host is None:
            self.require_walk()
            assert self.compiled is not None
            self._host = HostModel(self.compiled)
        return self._host

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Workers of a run do not build the same thing twice."""
        lock = FileLock(self.require_walk().home / "rig.lock", "the build")
        lock.acquire()
        try:
            yield
        finally:
            lock.release()

    # The time of a test

    def begin(self, *, fresh: bool = False) -> Dut:
        """The board for a test: answering, and with the image on it. `fresh`: restarted.

        Raises DeviceError where the board does not answer, also after its power was cut.
        """
        self.lines.clear()
        self._lines.clear()
        if not self.place.started:
            self._lock.acquire()
        if not self._has_image():
            self._put_image()
        dut = self._dut
        if dut is None:
            dut = self._dut = self._connected()
        elif fresh or not self._answers(dut):
            self._revive(dut)
        elif self.compiled is not None and self.compiled.state_bytes:
            dut.reset_state()
        dut.counted = Counted()
        return dut

    def end(self) -> None:
        """After a test: another worker may have the board now."""
        self.lines.clear()
        if self._terms.shared and self._lock.held:
            self._disconnect()
            self._lock.release()

    def close(self) -> None:
        """After the last test."""
        self._disconnect()
        self._running.close()
        self._lock.release()
        if self._host is not None:
            self._host.close()

    def said(self) -> str:
        """What the board, and the program that emulates it, have said in this test."""
        lines = list(self.lines)
        log = self._log() if "walk" in vars(self) else None
        started = self.place.started and self._flashed is not None
        if started and log is not None and log.is_file():
            told = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
            lines += [f"{log.name}: {line}" for line in told]
        return "\n".join(lines)

    def figures(self, dut: Dut) -> dict[str, object]:
        """What reports show of the board, of what runs on it, and of this test's inferences."""
        found: dict[str, object] = {
            "board": self.place.profile.name,
            "model_sha256": dut.hello.model_sha256,
            "build_id": dut.hello.build_id,
        }
        if "firmware" in vars(self):  # what was not built is not built for its figures
            found |= self.firmware.figures()
        counted, unit = dut.counted, dut.hello.counter_unit
        if counted.inferences:
            found |= {
                "inferences": counted.inferences,
                f"{unit}_min": counted.least,
                f"{unit}_mean": round(counted.mean),
                f"{unit}_max": counted.most,
            }
        return found

    # What a Dut asks for

    def power_cycle(self, dut: Dut) -> None:
        """See `Dut.power_cycle`."""
        power = self.place.power
        if "power" not in self.place.capabilities:
            raise DeviceError(
                f"board {self.place.name} has no command that cuts its power",
                ["its entry in the hardware map may name one"],
                ["power: {cycle: [uhubctl, -l, 1-1, -a, cycle]}"],
            )
        self._let_go(dut)
        if self.place.started:
            self._put_image()
        elif power.cycle:
            self._switch(power.cycle)
        else:
            self._switch(power.off)
            time.sleep(power.seconds)
            self._switch(power.on)
        self._come_back(dut)

    def restart(self, dut: Dut) -> None:
        """See `Dut.restart`."""
        if self.place.started:
            dut.reset()
            self._let_go(dut)
        else:
            assert self._flashed is not None
            self._let_go(dut)
            done = device.restart(self.place.profile, self._flashed.port)
            self._flashed = replace(self._flashed, port=done.port)
        self._come_back(dut)

    def flash_again(self, dut: Dut) -> None:
        """See `Dut.flash`."""
        self._let_go(dut)
        self._put_image()
        self._come_back(dut)

    @contextlib.contextmanager
    def faulty_line(
        self, dut: Dut, rate: float, seed: int, kinds: tuple[Kind, ...]
    ) -> Iterator[FaultyLine]:
        """See `Dut.faulty_line`."""
        self._let_go(dut)
        behind = tuple(self._lines)
        try:
            with FaultyLine(lambda: self._open_behind(behind), rate, seed, kinds) as line:
                self._lines.append(line)
                try:
                    dut.reconnect()
                    yield line
                finally:
                    dut.close()
        finally:
            self._lines[:] = behind
            self._come_back(dut)

    def _let_go(self, dut: Dut) -> None:
        """Close the session, and with it the board's port."""
        dut.close()
        for line in reversed(self._lines):
            line.let_go()

    # The board itself

    def _has_image(self) -> bool:
        if self.place.started:
            return self._flashed is not None
        if self._terms.no_flash or self.place.profile.emulated or self.walk is None:
            self._flashed = self._as_it_is()
            return True
        if not self._lock.has(self._terms.run, self.firmware.sha256):
            return False
        if self._flashed is None:
            self._flashed = replace(self._as_it_is(), build_id=self.firmware.build_id)
        return True

    def _as_it_is(self) -> FlashedBoard:
        seen, profile = device.seen(self.place.port()), self.place.profile
        model = self.compiled.model_sha256 if self.compiled is not None else ""
        reset = seen.reset(profile)
        return FlashedBoard(profile.name, seen.path, profile.baud, model, "", reset=reset)

    def _put_image(self) -> None:
        """Flash the image, or start the program that is the board."""
        from tinyflow.pipeline import flashing

        image, log = self.firmware.image, self._log()
        assert log is not None
        self._running.close()
        if not self.place.started:
            self._lock.put("", "")
            port: str | None = self._named_port()
        else:
            port = None
        self._flashed = self._running.enter_context(
            flashing.flashed(image, self.place.profile, port, log)
        )
        if not self.place.started:
            self._lock.put(self._terms.run, image.sha256)

    def _named_port(self) -> str | None:
        """The port for the flasher; None for one that finds the board's bootloader itself."""
        from tinyflow.pipeline.flashing import BY_USB

        try:
            return self.place.port()
        except DeviceError:
            if self.place.profile.runner in BY_USB:
                return None
            raise

    def _switch(self, command: tuple[str, ...]) -> None:
        what = f"the command for the power of {self.place.name}"
        process.run(command, what=what, timeout=POWER_SECONDS)

    def _log(self) -> Path | None:
        if self.walk is None:
            return None
        return self.walk.logs / f"rig-{self.place.name}-{self._terms.worker}.log"

    # The session

    def _open(self) -> Transport:
        """The board's own port, or the faulty line in front of it."""
        return self._open_behind(self._lines)

    def _open_behind(self, lines: Sequence[FaultyLine]) -> Transport:
        assert self._flashed is not None
        flashed = self._flashed
        if lines:
            return Link(lines[-1].url, flashed.baud)
        return Link(flashed.port, flashed.baud, WIRINGS[flashed.reset])

    def _connected(self) -> Dut:
        assert self._flashed is not None
        model = self.compiled
        one = model is not None and len(model.inputs) == len(model.outputs) == 1
        opened = device.connect(
            self._flashed,
            input=model.input if model is not None and one else None,
            output=model.output if model is not None and one else None,
            listener=self._hear,
            open_link=self._open,
        )
        return Dut(opened, self, self.place.name, self.place.profile)

    def _disconnect(self) -> None:
        if self._dut is not None:
            self._dut.close()
            self._dut = None

    def _answers(self, dut: Dut) -> bool:
        try:
            dut.telemetry()
        except DeviceError:
            return False
        return True

    def _revive(self, dut: Dut) -> None:
        """Restart the board, by its power where there is no other way."""
        try:
            self.restart(dut)
        except DeviceError:
            if "power" not in self.place.capabilities:
                raise
            self.power_cycle(dut)

    def _come_back(self, dut: Dut) -> None:
        """Connect again as soon as the board is there; a port of its own may take its time."""
        end = time.monotonic() + RETURN_SECONDS
        while True:
            try:
                if self._flashed is not None and not self.place.started:
                    self._flashed = replace(self._flashed, port=self.place.port())
                return dut.reconnect()
            except DeviceError:
                if time.monotonic() >= end:
                    raise
            time.sleep(RETRY_SECONDS)

    def _hear(self, news: News) -> None:
        if isinstance(news, ConsoleLine):
            self.lines.append(news.text)
        elif isinstance(news, LogLine):
            self.lines.append(f"[{news.level}] {news.text}")
        elif isinstance(news, Telemetry):
            self.lines.append(f"[heartbeat] {news.inferences} inferences, {news.uptime_ms} ms up")
