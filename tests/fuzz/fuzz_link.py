"""Coverage-guided fuzzing of the host's side of the device protocol: whatever a board may send.

    make fuzz FUZZ_SECONDS=600

Bytes are taken as they come from the line, as the payloads of frames whose CRC-32 is right, and as
the answers to a session's requests. Anything but an answer, a DeviceError or a ModelError is a
finding, and so is more than 2 s or 512 MB. libFuzzer writes the bytes to a file and ends;
`python fuzz_link.py FILE` repeats it.
"""

from __future__ import annotations

import contextlib
import random
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import atheris
from cobs import cobs

with atheris.instrument_imports(include=["tinyflow.device", "cbor2"]):
    import cbor2

    from tinyflow.artifacts import FlashedBoard
    from tinyflow.device import client, messages, protocol
from tinyflow.errors import DeviceError, ModelError

MOST_BYTES = 4096
SECONDS, MEMORY_MB = 2, 512
KEPT_BYTES = 2 * protocol.MAX_LINE_BYTES
MOST_READS = 2000


def framed(body: bytes) -> bytes:
    """A frame around any payload."""
    return b"\0" + bytes(cobs.encode(body + zlib.crc32(body).to_bytes(4, "little"))) + b"\0"


class Line:
    """Answers requests with what the fuzzer says, and shows the session its own clock."""

    url, baud = "fuzz", 921600

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._time = 0.0
        self._reads = 0
        self._sequence = 0
        self._reader = protocol.Reader()

    def now(self) -> float:
        return self._time

    def sharers(self) -> list[str]:
        return []

    def close(self) -> None:
        return

    def write(self, data: bytes) -> None:
        for event in self._reader.feed(data):
            if isinstance(event, messages.Message):
                self._sequence = event.sequence or 0

    def read(self, seconds: float) -> bytes:
        """The next payload: its length, then its bytes; the sequence number is the one asked."""
        self._reads += 1
        assert self._reads < MOST_READS, "a session that does not end"
        if not self._content:
            self._time += max(seconds, 0.001)
            return b""
        self._time += 0.001
        size = 4 * self._content[0]
        body, self._content = self._content[1 : 1 + size], self._content[1 + size :]
        with contextlib.suppress(Exception):
            item = cbor2.loads(body)
            if isinstance(item, dict) and item.get(1) == 0:
                body = cbor2.dumps({**item, 1: self._sequence})
        return framed(body)


def talk(content: bytes) -> None:
    """A session whose board says what the fuzzer wants."""
    chosen, line = content[0] if content else 0, Line(content[1:])
    board = FlashedBoard("fuzz", "fuzz", 921600, "", "")
    wishes: list[Callable[[client.Device], object]] = [
        lambda dut: dut.infer(bytes(dut.hello.input_bytes)),
        lambda dut: dut.layers(bytes(dut.hello.input_bytes)),
        lambda dut: dut.layer_output(bytes(dut.hello.input_bytes), 0),
        lambda dut: dut.telemetry(),
        lambda dut: dut.sensor(),
        lambda dut: list(dut.replay([bytes(64)])),
        lambda dut: dut.reset(),
        lambda dut: list(dut.messages(0.5)),
        lambda dut: dut.capturing().sample(0.5),
    ]
    with (
        contextlib.suppress(DeviceError, ModelError),
        client.connect(board, open_link=lambda: line, timeout=1.0) as dut,
    ):
        if dut.hello.input_bytes <= MOST_BYTES:
            wishes[chosen % len(wishes)](dut)


def check(content: bytes) -> None:
    """The target."""
    for data in (content, framed(content)):
        reader = protocol.Reader()
        for at in range(0, len(data), 97):
            for event in reader.feed(data[at : at + 97]):
                if isinstance(event, str):
                    assert messages.printable(event) == event
                else:
                    assert messages.check(_again(event)) == event
        assert len(reader._segment) <= KEPT_BYTES
    talk(content)


def _again(message: messages.Message) -> dict[int, object]:
    known = messages.definitions()
    fields = {known.fields[name].key: value for name, value in message.values.items()}
    lists = {key: list(v) if isinstance(v, tuple) else v for key, v in fields.items()}
    return {known.fields["TYPE"].key: known.messages[message.name].number, **lists}


def seeds() -> list[bytes]:
    """Every reply with every field, as a dialogue and as one payload."""
    known = messages.definitions()
    samples: dict[str, object] = {
        "UINT": 4,
        "UINT64": 1 << 40,
        "INT": -3,
        "FLOAT": 0.5,
        "BYTES": bytes(4),
        "TEXT": "x",
        "UINTS": [1, 2],
    }
    bodies = {}
    for kind in known.messages.values():
        names = sorted(kind.required | kind.optional)
        fields = {known.fields[n].key: samples[known.fields[n].kind] for n in names}
        fields |= {known.fields[n].key: 1 for n in names if n in ("PROTOCOL", "LAYERS", "OFFSET")}
        if "SEQUENCE" in names:
            fields[1] = 0
        bodies[kind.name] = cbor2.dumps({0: kind.number, **fields})
    hello = _with(bodies["HELLO_REPLY"], INPUT_BYTES=4, OUTPUT_BYTES=8, CHUNK_BYTES=4, CAPTURE=2)
    large = _with(hello, INPUT_BYTES=12)
    ok = _with(bodies["STATUS_REPLY"], STATUS=0)
    result = _with(bodies["RESULT"], BYTES=8)
    rest = _with(bodies["CHUNK"], OFFSET=4, BYTES=8)
    taken = [_with(ok, BYTES=n, CRC32=zlib.crc32(bytes(n))) for n in (4, 8, 12)]
    sensor = _with(bodies["SENSOR_REPLY"], VALUE_BYTES=1, CHANNELS=1, WINDOW=64, HOP=16, STATUS=0)
    window = _with(bodies["SAMPLES_REPLY"], OFFSET=64, WINDOWS=1, BYTES=8)
    sample = _with(bodies["CAPTURE_REPLY"], OFFSET=0, BYTES=4, CRC32=zlib.crc32(bytes(4)))
    layer = _with(bodies["LAYER"], LAYER=0)
    dialogues = [
        *((0, [result, rest]), (0, [large, *taken, result, rest]), (1, [layer, result])),
        *((2, [_with(rest, OFFSET=0), rest, result]), (5, [sensor, window, rest, sensor])),
        *((6, [ok]), (7, [bodies["LOG"]]), (8, [sample, _with(sample, BYTES=8), rest])),
    ]
    told = [_turns(wish, [*([hello] * (turns[0] != large)), *turns]) for wish, turns in dialogues]
    alone = [_turns(wish, [hello, body]) for wish, body in enumerate(bodies.values())]
    return [*bodies.values(), *alone, *told]


def _with(body: bytes, **values: int) -> bytes:
    known = messages.definitions().fields
    return cbor2.dumps({**cbor2.loads(body), **{known[n].key: v for n, v in values.items()}})


def _turns(chosen: int, bodies: list[bytes]) -> bytes:
    padded = [_padded(body) for body in bodies]
    return bytes([chosen]) + b"".join(bytes([len(body) // 4]) + body for body in padded)


def _padded(body: bytes) -> bytes:
    """The same map in a multiple of four bytes, by a field that nobody knows."""
    item = cbor2.loads(body)
    while len(body) % 4:
        item[250] = bytes(len(item.get(250, b"")) + 1)
        body = cbor2.dumps(item)
    return body


def mutated(content: bytes, most_bytes: int, seed: int) -> bytes:
    """Another dialogue: one map's fields changed, or the bytes."""
    chance = random.Random(seed)
    if chance.random() < 0.5:
        return bytes(atheris.Mutate(content, most_bytes))
    chosen, at, bodies = content[0] if content else 0, 1, []
    while at < len(content) and len(bodies) < 16:
        size = 4 * content[at]
        bodies.append(content[at + 1 : at + 1 + size])
        at += 1 + size
    if not bodies:
        return bytes(atheris.Mutate(content, most_bytes))
    place = chance.randrange(len(bodies))
    with contextlib.suppress(Exception):
        item = cbor2.loads(bodies[place])
        key = chance.choice(list(item))
        item[key] = chance.choice(STRANGE)
        bodies[place] = cbor2.dumps(item)
    if chance.random() < 0.3:
        bodies.insert(place, chance.choice(bodies))
    if chance.random() < 0.2:
        chosen = chance.randrange(256)
    with contextlib.suppress(Exception):
        made = _turns(chosen, bodies)
        if len(made) <= most_bytes:
            return made
    return bytes(atheris.Mutate(content, most_bytes))


STRANGE = [
    *(0, 1, 2, 64, 255, 1 << 16, (1 << 32) - 1, 1 << 32, 1 << 64, -1, -(1 << 31), 0.0, 1e300),
    *(float("nan"), float("inf"), b"", bytes(64), "", "x" * 500, "\x1b[2J\r\n", [], [0] * 300),
    *([1 << 32], {}, None, True),
]


def main() -> None:
    limits = [f"-max_len={MOST_BYTES}", f"-timeout={SECONDS}", f"-rss_limit_mb={MEMORY_MB}"]
    folders = [Path(name) for name in sys.argv[1:] if Path(name).is_dir()]
    for number, seed in enumerate(seeds() if folders else []):
        (folders[0] / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *limits, *sys.argv[1:]], check, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
