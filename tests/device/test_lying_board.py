"""A board that says what cannot be: told as such, within bounds of memory."""

import tracemalloc
from collections.abc import Mapping

import pytest

from tinyflow.artifacts import FlashedBoard
from tinyflow.device import connect, messages, protocol
from tinyflow.device.messages import Message, Value
from tinyflow.device.results import HELLO_FIELDS
from tinyflow.errors import DeviceError

OF_KIND: Mapping[str, Value] = {"UINT": 1, "INT": 0, "FLOAT": 1.0, "BYTES": b"m", "TEXT": "x"}
MOST = 1 << 26


class Liar:
    """The line to a board that answers each request with what `says` has of its name."""

    url, baud = "played", 115200

    def __init__(self, says: Mapping[str, tuple[str, dict[str, Value]]]) -> None:
        self._says = says
        self._waiting = b""
        self._seconds = 0.0

    def write(self, data: bytes) -> None:
        request = protocol.decode(data[1:-1])
        assert isinstance(request, Message) and request.sequence is not None
        name, values = self._says[request.name]
        self._waiting += protocol.encode(name, {"SEQUENCE": request.sequence, **values})

    def read(self, seconds: float) -> bytes:
        self._seconds += seconds
        waiting, self._waiting = self._waiting, b""
        return waiting

    def now(self) -> float:
        return self._seconds

    def close(self) -> None:
        pass

    def sharers(self) -> list[str]:
        return []


def infer(result: dict[str, Value], output_bytes: int, chunk_bytes: int) -> None:
    fields = messages.definitions().fields
    hello = {name: OF_KIND[fields[name].kind] for name in HELLO_FIELDS}
    hello |= {"PROTOCOL": 1, "OUTPUT_BYTES": output_bytes, "CHUNK_BYTES": chunk_bytes}
    line = Liar(
        {
            "HELLO": ("HELLO_REPLY", hello),
            "INFER": ("RESULT", {"COUNT": 1, "BYTES": output_bytes, **result}),
            "OUTPUT": ("STATUS_REPLY", {"STATUS": 1}),
        }
    )
    with connect(FlashedBoard("x", "", 115200, "", ""), open_link=lambda: line) as dut:
        dut.infer(b"1")


def test_an_output_larger_than_it_is_said_to_be() -> None:
    with pytest.raises(DeviceError, match="answers with 5 B of an output of 3 B"):
        infer({"DATA": bytes(5)}, 3, 1024)


def test_the_largest_output_in_the_smallest_pieces() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(DeviceError, match="refuses output"):
            infer({"DATA": b"1"}, MOST, 1)
        assert tracemalloc.get_traced_memory()[1] < MOST + (1 << 20)
    finally:
        tracemalloc.stop()
