"""The real session over a virtual line with the real firmware: what a bad line does, and how fast
a good one is."""

from __future__ import annotations

import contextlib
import dataclasses
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import virtual_link
from virtual_link import Faults, VirtualLink, flashed
from virtual_session import WRONG_STREAM, Exerciser, model

from tinyflow import device
from tinyflow.device import transfer
from tinyflow.device.greeting import greet
from tinyflow.device.link import LinkLostError
from tinyflow.device.session import Session
from tinyflow.errors import DeviceError

SMALL, LARGE = (96, 10), (2500, 1300)
ROWS = 27_648  # bytes of an image of 96 x 96 x 3, in and out

# About one fault in 1100 bytes, and the board restarts every few seconds.
BAD = Faults(flip=3e-4, drop=3e-4, insert=3e-4, stall=1e-4, reset_seconds=4.0)
# What a board that restarts, or whose application infers meanwhile, may be reported with.
REPORTS = (WRONG_STREAM, "refuses samples", "has ended the replay", "did not finish")


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    folder = tmp_path_factory.mktemp("virtual")
    built: dict[tuple[int, int], Path] = {}

    def library(sizes: tuple[int, int], *, remembers: bool = False) -> Path:
        if sizes not in built:
            built[sizes] = virtual_link.build(folder, *sizes, remembers=remembers)
        return built[sizes]

    return library


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize(("sizes", "requests"), [(SMALL, 2200), (LARGE, 300)])
def test_ten_thousand_requests_over_a_bad_line(
    libraries: Callable[..., Path], seed: int, sizes: tuple[int, int], requests: int
) -> None:
    """Each is answered rightly or reported, in bounded time: the exerciser sees to both."""
    remembers = sizes == SMALL
    link = VirtualLink(
        libraries(sizes, remembers=remembers),
        latency=0.001,
        packet=0.001,
        # An inference of the application's takes the input and the output away.
        faults=dataclasses.replace(BAD, own_seconds=0.0 if remembers else 1.0),
        seed=seed,
        heartbeat_ms=100,
    )
    asked = Exerciser(link, *sizes, remembers=remembers, seed=seed)
    asked.run(requests)
    assert asked.answered + len(asked.reported) == requests
    assert len(asked.kinds) == 8
    assert min(link.tally.damaged, link.tally.stalls, link.tally.resets) > 0
    assert all(any(known in text for known in REPORTS) for text in asked.reported), asked.reported
    assert len(asked.reported) <= link.tally.resets + requests // 30
    assert asked.longest < 30.0


@pytest.mark.parametrize("baud", [115200, 921600])
@pytest.mark.parametrize("latency", [0.001, 0.016])
def test_transfers_fill_the_line(libraries: Callable[..., Path], baud: int, latency: float) -> None:
    """At least 85 % of what the line could carry is data, each way."""
    link = VirtualLink(libraries((ROWS, ROWS)), baud, latency=latency)
    data = random.Random(1).randbytes(ROWS)
    session = Session(link, "virtual", None)
    hello = greet(session, flashed(), 5.0)

    began = link.time
    transfer.upload(session, data, hello.chunk_bytes, 5.0, resume=False)
    up = link.time - began
    output = bytearray(session.request("INFER", "RESULT", 5.0).reply.data())
    first, began = len(output), link.time
    transfer.download(session, output, ROWS, hello.chunk_bytes, 5.0)
    down = link.time - began
    assert output == model(data, ROWS)[-1]

    transfer.upload(session, data, hello.chunk_bytes, 5.0, resume=False)
    began = link.time
    answer = session.request("DUMP", "RESULT", 5.0, {"LAYER": 1}, "CHUNK")
    dump = link.time - began
    assert b"".join(part.data() for part in answer.parts) == model(data, ROWS)[1]

    line = baud / virtual_link.BITS_PER_BYTE
    shares = [ROWS / up / line, (ROWS - first) / down / line, ROWS / dump / line]
    assert min(shares) >= 0.85, shares


def test_an_input_goes_on_where_a_lost_link_has_left_it(libraries: Callable[..., Path]) -> None:
    class Cable(VirtualLink):
        bytes_left = 15_000

        def write(self, data: bytes) -> None:
            if self.bytes_left <= 0:
                raise LinkLostError("the cable is out")
            self.bytes_left -= len(data)
            super().write(data)

    link = Cable(libraries((ROWS, ROWS)))
    data = random.Random(2).randbytes(ROWS)
    with device.connect(flashed(), open_link=lambda: link) as dut:
        with pytest.raises(DeviceError, match="is gone after 0 inferences"):
            dut.infer(data)
        sent = link.tally.up_bytes
        link.bytes_left = 1 << 20
        dut.reconnect()
        assert dut.infer(data).output == model(data, ROWS)[-1]
        assert link.tally.up_bytes - sent < ROWS - 8 * 1024

        # Another input than the one that was cut off is sent as a whole.
        link.bytes_left = 15_000
        with contextlib.suppress(DeviceError):
            dut.infer(data)
        link.bytes_left = 1 << 20
        dut.reconnect()
        other = bytes(reversed(data))
        assert dut.infer(other).output == model(other, ROWS)[-1]


def test_pieces_shrink_until_they_get_through(libraries: Callable[..., Path]) -> None:
    """Of a whole piece of 1 KiB one in a hundred would come through undamaged."""
    link = VirtualLink(libraries(LARGE), faults=Faults(flip=4e-3))
    session = Session(link, "virtual", None)
    data = random.Random(3).randbytes(LARGE[0])
    transfer.upload(session, data, 1024, 5.0, resume=False)
    assert session.pace.piece(1024) < 1024
    assert link.time < 20.0
