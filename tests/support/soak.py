"""Boards at full rate behind bad lines, and `tinyflow monitor` beside them for as long as asked.

    python tests/support/soak.py --minutes 20

Each board is emulated and behind a socket that flips, loses, adds and holds up bytes both ways;
boards are restarted and connections cut at random. What has passed undamaged is read here too, so
that each heartbeat that came to the monitor can be looked up in its store. The monitor's memory is
sampled. Prints a table; the exit status is 1 where a heartbeat was lost, where memory rose, or
where the monitor did not end in good order.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import random
import select
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

from virtual_link import Damage, Faults, Tally

from tinyflow import flash, pipeline
from tinyflow.artifacts import FirmwareImage
from tinyflow.boards import BoardProfile
from tinyflow.device.messages import Message
from tinyflow.device.protocol import Event, Reader
from tinyflow.errors import TinyflowError

MODEL = Path(__file__).parents[1] / "models" / "digits.tflite"
LINE = Faults(flip=1e-5, drop=1e-5, insert=1e-5, stall=1e-6, stall_seconds=0.3)
RESTART_SECONDS = 45.0  # mean, of each board
SAMPLE_SECONDS = 2.0
WARM_SECONDS = 150.0  # before memory is compared: what is kept of lines and telemetry has filled
GROWTH_KB = 4096
END_SECONDS = 90.0
THINNED_SECONDS = 1.0  # the monitor keeps one heartbeat a second

Beat = tuple[int, int]
"""What tells a heartbeat from others: its uptime in ms and its inferences."""


@dataclass
class Passed:
    """What went to the monitor."""

    beats: list[tuple[float, Beat]] = field(default_factory=list)
    connections: int = 0
    restarts: int = 0
    tally: Tally = field(default_factory=Tally)


class Proxy(threading.Thread):
    """A board behind a bad line; `url` is where the monitor finds it."""

    def __init__(self, image: FirmwareImage, board: BoardProfile, seed: int, faulty: bool) -> None:
        super().__init__(daemon=True)
        self.board = board
        self.passed = Passed()
        self.stopping = threading.Event()
        self.error: BaseException | None = None
        self._image = image
        self._chance = random.Random(seed)
        self._faulty = faulty
        line = LINE if faulty else Faults()
        self._damage = [Damage(line, self._chance, self.passed.tally) for _ in range(2)]
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._client: socket.socket | None = None
        self._reader = Reader()

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                with flash.flash(self._image, self.board, None) as place:
                    self._serve(_opened(place.port))
                self.passed.restarts += not self.stopping.is_set()
                if self._client is not None and self._chance.random() < 0.5:
                    self._hang_up()
        except BaseException as error:
            self.error = error
            raise
        finally:
            self._hang_up()
            self._server.close()

    def _serve(self, near: int) -> None:
        """Hand bytes to and fro until the board is to be restarted."""
        mean = RESTART_SECONDS if self._faulty else 1e9
        end = time.monotonic() + self._chance.expovariate(1 / mean) + 5.0
        try:
            while time.monotonic() < end and not self.stopping.is_set():
                if self._client is None:
                    self._accept()
                    continue
                ready, _, _ = select.select([near, self._client], [], [], 0.1)
                if self._client in ready:
                    data = self._received()
                    os.write(near, self._damage[0].through(data))
                    self.passed.tally.up_bytes += len(data)
                if near in ready:
                    self._hand_over(os.read(near, 4096))
        except OSError:
            return  # the board has ended
        finally:
            os.close(near)

    def _accept(self) -> None:
        with contextlib.suppress(TimeoutError):
            self._client, _ = self._server.accept()
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client.settimeout(5)
            self._reader = Reader()
            self.passed.connections += 1

    def _received(self) -> bytes:
        assert self._client is not None
        with contextlib.suppress(OSError):
            if data := self._client.recv(4096):
                return data
        self._client.close()
        self._client = None
        return b""

    def _hand_over(self, data: bytes) -> None:
        passed, client = self.passed, self._client
        passed.tally.down_bytes += len(data)
        if self._faulty and self._chance.random() < LINE.stall * len(data):
            passed.tally.stalls += 1
            time.sleep(self._chance.random() * LINE.stall_seconds)
        data = self._damage[1].through(data)
        if client is None:
            return
        try:
            client.sendall(data)
        except OSError:
            client.close()
            self._client = None
            return
        for event in self._reader.feed(data):
            if _is_heartbeat(event):
                beat = (event.integer("UPTIME_MS"), event.integer("INFERENCES"))
                passed.beats.append((time.time(), beat))

    def _hang_up(self) -> None:
        """Cut the connection in good order: what was sent before still arrives."""
        client, self._client = self._client, None
        if client is None:
            return
        with client, contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass


def _is_heartbeat(event: Event) -> TypeGuard[Message]:
    is_telemetry = isinstance(event, Message) and event.name == "TELEMETRY_REPLY"
    return is_telemetry and event.sequence is None


def _opened(port: str) -> int:
    """A descriptor of the board's console."""
    if port.startswith("socket://"):
        host, _, number = port.removeprefix("socket://").rpartition(":")
        connection = socket.create_connection((host, int(number)), 10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection.detach()
    descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(descriptor)
    return descriptor


def memory_kb(process_id: int) -> int:
    """The resident memory of a process; 0 when it is gone."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])
    return 0


def kept_beats(store: Path, run: str, device: str) -> list[tuple[float, Beat]]:
    """Telemetry in the store: its time, uptime and inferences."""
    query = (
        "SELECT a.time, a.value, b.value FROM metric a JOIN metric b ON a.run = b.run AND "
        "a.device = b.device AND a.time = b.time WHERE a.name = 'uptime_ms' AND "
        "b.name = 'inferences' AND a.run = ? AND a.device = ? ORDER BY a.time"
    )
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as opened:
        rows = opened.execute(query, (run, device)).fetchall()
    return [(when, (int(uptime), int(count))) for when, uptime, count in rows]


def lost(passed: Passed, kept: list[tuple[float, Beat]]) -> tuple[int, int, list[Beat]]:
    """How many heartbeats are in the store, how many were one too many in their second, and those
    that are missing."""
    there = Counter(beat for _, beat in kept)
    times = [when for when, _ in kept]
    found, thinned, missing = 0, 0, []
    for when, beat in passed.beats:
        if there[beat] > 0:
            found += 1
        elif any(abs(when - other) <= THINNED_SECONDS for other in times):
            thinned += 1
        else:
            missing.append(beat)
    return found, thinned, missing


def soak(minutes: float, boards: list[str], seed: int, faulty: bool, folder: Path) -> int:
    """Run it all; the exit status."""
    os.chdir(folder)
    proxies = []
    for number, name in enumerate(boards):
        walk = pipeline.start(board=name, model=MODEL)
        board = walk.require_board()
        proxies.append(Proxy(walk.image(), board, seed + number, faulty))
    seconds = 60 * minutes
    duts = [f"--dut={proxy.board.name}@{proxy.url}" for proxy in proxies]
    command = [sys.executable, "-m", "tinyflow", "monitor", str(MODEL), *duts]
    command += ["--replay", "--json", f"--seconds={seconds:.0f}"]
    for proxy in proxies:
        proxy.start()
    samples: list[tuple[float, int]] = []
    began = time.monotonic()
    with (folder / "monitor.out").open("wb") as out, (folder / "monitor.err").open("wb") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err)
        try:
            while child.poll() is None and time.monotonic() - began < seconds + END_SECONDS:
                time.sleep(SAMPLE_SECONDS)
                samples.append((time.monotonic() - began, memory_kb(child.pid)))
        finally:
            child.kill()
            status = child.wait(20)
            for proxy in proxies:
                proxy.stopping.set()
            for proxy in proxies:
                proxy.join(20)
    *_, last = (folder / "monitor.out").read_text().splitlines() or ["{}"]
    told = json.loads(last) if last.startswith("{") else {}
    bad = _report(proxies, told, samples, seconds)
    for proxy in proxies:
        if proxy.error is not None:
            bad.append(f"{proxy.board.name}: {proxy.error}")
    if status != 0:
        bad.append(f"the monitor ended with {status}, see {folder}/monitor.err")
    for line in bad:
        print(line)
    return 1 if bad else 0


def _report(
    proxies: list[Proxy], told: dict[str, object], samples: list[tuple[float, int]], seconds: float
) -> list[str]:
    bad = []
    store, run = Path(str(told.get("store", "none"))), str(told.get("run", ""))
    print("| board | bytes to the monitor | faults | restarts | connections | heartbeats |"
          " kept | of the same second | lost | inferences/s |")  # fmt: skip
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for proxy in proxies:
        passed = proxy.passed
        kept = kept_beats(store, run, proxy.url)
        found, thinned, missing = lost(passed, kept)
        inferences = sum(
            max(later[1] - earlier[1], 0) for (_, earlier), (_, later) in itertools.pairwise(kept)
        )
        faults = passed.tally.damaged + passed.tally.stalls
        print(
            f"| {proxy.board.name} | {passed.tally.down_bytes:,} | {faults:,} | {passed.restarts} |"
            f" {passed.connections} | {len(passed.beats):,} | {found:,} | {thinned:,} |"
            f" {len(missing)} | {inferences / seconds:,.0f} |"
        )
        if missing or not passed.beats:
            bad.append(f"{proxy.board.name}: heartbeats that are not kept: {missing[:5]}")
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as opened:
        (rows,) = opened.execute("SELECT count(*) FROM metric WHERE run = ?", (run,)).fetchone()
    print(f"\nrows told {told.get('rows')}, in the store {rows}")
    if told.get("rows") != rows or told.get("rows_lost"):
        bad.append("not all rows that were told are in the store")
    warm = [kb for at, kb in samples if at > min(WARM_SECONDS, seconds / 3) and kb]
    tenth = max(len(warm) // 10, 1)
    first, last = sum(warm[:tenth]) // tenth, sum(warm[-tenth:]) // tenth
    print(f"memory of the monitor: {first:,} KB at first, {last:,} KB at last, {max(warm):,} KB"
          f" at most ({len(warm)} samples)")  # fmt: skip
    series = [f"{kb:,}" for kb in warm[:: max(len(warm) // 20, 1)]]
    print(f"in KB, evenly over the run: {', '.join(series)}")
    if last > first + GROWTH_KB:
        bad.append(f"the monitor's memory rose by {last - first:,} KB")
    return bad


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--board", action="append", dest="boards", metavar="NAME")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--good-line", action="store_true", help="no faults at all")
    parser.add_argument("--folder", type=Path, help="where the store and the logs stay")
    chosen = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        boards = chosen.boards or ["native", "qemu-m4"]
        try:
            status = soak(chosen.minutes, boards, chosen.seed, not chosen.good_line, folder)
        except TinyflowError as error:
            raise SystemExit(str(error)) from None
    raise SystemExit(status)


if __name__ == "__main__":
    main()
