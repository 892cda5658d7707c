"""Requests of every kind over a virtual line, each answer compared with what it must be."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

from virtual_link import VirtualLink, flashed

from tinyflow import device
from tinyflow.device import Device
from tinyflow.errors import DeviceError

MOST_SECONDS = 120.0  # of virtual time for one request, however bad the line is
WRONG_STREAM = "went on from another stream"


def model(data: bytes, output_bytes: int, before: int = 0) -> list[bytes]:
    """The fake model's layers for `data`, after `before` inferences that it remembers."""
    first = bytes(map((0x11).__xor__, data))
    second = bytes(map((0x33).__xor__, data))
    size = len(second)
    last = bytes([(second[i % size] + i + before) & 0xFF for i in range(output_bytes)])
    return [first, second, last]


class Exerciser:
    """Asks a board for anything it can do, at random. An AssertionError is a wrong answer."""

    def __init__(
        self,
        link: VirtualLink,
        input_bytes: int,
        output_bytes: int,
        *,
        remembers: bool = False,
        seed: int = 1,
    ) -> None:
        self.link = link
        self.answered = 0
        self.reported: list[str] = []
        self.longest = 0.0
        self.kinds: dict[str, int] = {}
        self._sizes = (input_bytes, output_bytes)
        self._remembers = remembers
        self._random = random.Random(seed)
        self._before: int | None = None
        self._deadline = 0
        self._dut: Device | None = None

    def run(self, requests: int) -> None:
        """So many requests, each answered or reported."""
        kinds: list[tuple[Callable[[Device], None], int]] = [
            *((self._hello, 2), (self._infer, 8), (self._layers, 2), (self._dump, 2)),
            *((self._telemetry, 4), (self._configure, 2), (self._sensor, 2), (self._replay, 1)),
        ]
        names, weights = zip(*kinds, strict=True)
        for _ in range(requests):
            (kind,) = self._random.choices(names, weights)
            began = self.link.time
            self.link.limit = began + MOST_SECONDS
            self.kinds[kind.__name__] = self.kinds.get(kind.__name__, 0) + 1
            try:
                if self._dut is None:
                    self._dut = self._connect()
                kind(self._dut)
                self.answered += 1
            except DeviceError as error:
                self.reported.append(str(error))
                self._before = None
            self.longest = max(self.longest, self.link.time - began)

    def _connect(self) -> Device:
        return device.connect(flashed(), open_link=lambda: self.link)

    def _data(self) -> bytes:
        return self._random.randbytes(self._sizes[0])

    def _model(self, data: bytes, before: int = 0) -> list[bytes]:
        return model(data, self._sizes[1], before if self._remembers else 0)

    def _hello(self, dut: Device) -> None:
        dut.reconnect()
        assert (dut.hello.model, dut.hello.board) == ("fake", "virtual")
        assert (dut.hello.input_bytes, dut.hello.output_bytes) == self._sizes

    def _infer(self, dut: Device) -> None:
        data = self._data()
        anew = self._before is None and self._remembers
        before = 0 if anew else self._before or 0
        found = dut.infer(data, reset=anew)
        assert found.output == self._model(data, before)[-1]
        self._before = before + 1

    def _layers(self, dut: Device) -> None:
        data = self._data()
        self._before = 0
        found = dut.layers(data)
        assert [layer.crc32 for layer in found] == [zlib.crc32(x) for x in self._model(data)]

    def _dump(self, dut: Device) -> None:
        data, index = self._data(), self._random.randrange(3)
        self._before = 0
        assert dut.layer_output(data, index) == self._model(data)[index]

    def _telemetry(self, dut: Device) -> None:
        found = dut.telemetry()
        assert sum(count for _, count in found.histogram) == found.inferences
        assert found.deadline in (0, self._deadline)

    def _configure(self, dut: Device) -> None:
        self._deadline = self._random.randrange(1, 1 << 30)
        dut.configure(deadline=self._deadline)

    def _sensor(self, dut: Device) -> None:
        state = dut.sensor()
        assert (state.driver, state.window) == ("replay", self._sizes[0])

    def _replay(self, dut: Device) -> None:
        self._before = None
        size, hop = self._sizes[0], (self._sizes[0] + 3) // 4
        data = self._random.randbytes(size + 2 * hop)
        windows = list(dut.replay([data]))
        assert [window.start for window in windows] == [0, hop, 2 * hop]
        for before, window in enumerate(windows):
            wanted = self._model(data[window.start : window.start + size], before)
            assert window.output == wanted[-1]
