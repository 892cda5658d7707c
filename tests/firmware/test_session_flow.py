"""Requests taken apart and on their way, inputs that go on, and a port that takes little."""

from __future__ import annotations

import ctypes
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import cbor2
import pytest
from fake_board import WARNINGS, build_shim, firmware_sources, includes
from golden_frames import INPUT

from tinyflow import paths, process
from tinyflow.device import messages, protocol
from tinyflow.device.messages import Message, Value

ALL = ctypes.c_size_t(-1)
STALL_MS = 1000


class Board:
    """The session over a port that takes what a test lets it."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self._written = ctypes.create_string_buffer(1 << 17)
        self.reader = protocol.Reader()
        self.room(ALL)
        library.memory_port_set_uptime(0)
        library.shim_start(1, 1, 0)
        self.take()

    def room(self, size: ctypes.c_size_t | int) -> None:
        self.library.memory_port_set_room(ctypes.c_size_t(getattr(size, "value", size)))

    def take(self) -> bytes:
        size = self.library.memory_port_take(self._written, len(self._written))
        return self._written.raw[:size]

    def send(self, name: str, **values: Value) -> None:
        data = protocol.encode(name, values)
        self._sent = data  # the port keeps a pointer
        self.library.memory_port_arrive(data, len(data))

    def poll(self, polls: int = 64) -> list[Message]:
        self.library.shim_idle(polls)
        events = self.reader.feed(self.take())
        return [event for event in events if isinstance(event, Message)]

    def ask(self, name: str, **values: Value) -> Message:
        self.send(name, **values)
        return self.poll()[-1]

    def unread(self) -> int:
        return int(self.library.memory_port_unread())


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    built = build_shim(tmp_path_factory.mktemp("flow"))
    built.memory_port_unread.restype = ctypes.c_size_t
    return built


@pytest.fixture
def board(library: ctypes.CDLL) -> Iterator[Board]:
    board = Board(library)
    yield board
    board.room(ALL)
    library.memory_port_set_uptime(0)


def test_no_request_is_carried_out_while_a_reply_is_going_out(board: Board) -> None:
    board.room(5)
    board.send("INFER", SEQUENCE=1, DATA=INPUT)
    assert board.poll() == []
    board.send("INFER", SEQUENCE=2, DATA=INPUT)
    board.poll()
    assert board.unread() == 0  # a whole request waits
    board.send("TELEMETRY", SEQUENCE=3)
    board.poll()
    assert board.unread() == 0  # it is taken from the port, but not looked at
    board.room(ALL)
    replies = board.poll()
    assert [(reply.name, reply.sequence) for reply in replies] == [
        ("RESULT", 1),
        ("RESULT", 2),
        ("TELEMETRY_REPLY", 3),
    ]
    assert replies[2].integer("INFERENCES") == 2


def test_what_does_not_fit_stays_with_the_port(board: Board) -> None:
    board.room(0)
    board.send("HELLO", SEQUENCE=1)
    board.poll()
    frames = [protocol.encode("INFER", {"SEQUENCE": n, "DATA": INPUT}) for n in (2, 3, 4)]
    data = b"".join(frames)
    board.library.memory_port_arrive(data, len(data))
    board.poll()
    left = board.unread()
    assert left >= len(data) - len(frames[0]) - 64
    board.room(1)
    board.poll()
    assert board.unread() == left
    board.room(ALL)
    assert [reply.sequence for reply in board.poll()] == [1, 2, 3, 4]


def test_a_reply_goes_out_a_byte_at_a_time(board: Board) -> None:
    board.send("TELEMETRY", SEQUENCE=1)
    got: list[Message] = []
    for _ in range(300):
        board.room(1)
        got += board.poll(1)
    assert [message.sequence for message in got] == [1]
    assert board.reader.faults == 0


def test_heartbeats_are_dropped_while_something_is_going_out(board: Board) -> None:
    board.ask("CONFIGURE", SEQUENCE=1, HEARTBEAT_MS=100)
    board.room(0)
    board.send("HELLO", SEQUENCE=2)
    for time in range(0, 5000, 50):
        board.library.memory_port_set_uptime(time)
        board.library.shim_idle(20)
    board.room(ALL)
    (hello,) = board.poll(4)
    assert hello.name == "HELLO_REPLY"
    board.library.memory_port_set_uptime(6000)
    assert [message.name for message in board.poll()] == ["TELEMETRY_REPLY"]


def test_log_lines_without_room_are_dropped_whole(board: Board) -> None:
    board.room(0)
    for _ in range(20):
        board.library.shim_log(1, b"x" * 100)
    board.room(ALL)
    lines = board.poll()
    assert {line.text("TEXT") for line in lines} == {"x" * 100}
    assert 5 < len(lines) < 12 and board.reader.faults == 0


@pytest.mark.parametrize(
    ("name", "asked"), [("LAYERS", {"LAYER": 0}), ("DUMP", {"LAYER": 1, "OFFSET": 0})]
)
def test_frames_inside_an_inference_are_waited_for_but_not_for_ever(
    board: Board, name: str, asked: dict[str, Value]
) -> None:
    board.room(20)
    board.send(name, SEQUENCE=1, DATA=INPUT, **asked)
    assert board.poll() == []
    # One wait, for all of them: afterwards nothing is waited for until something is taken.
    assert STALL_MS <= board.library.tnf_port_uptime_ms() <= STALL_MS + 200
    board.room(ALL)
    (result,) = board.poll()
    assert (result.name, result.sequence) == ("RESULT", 1)
    assert board.reader.damaged == 1  # what a 0x00 has ended
    assert board.ask("HELLO", SEQUENCE=2).name == "HELLO_REPLY"


# Requests


def parsed(library: ctypes.CDLL, payload: bytes) -> int:
    return int(library.shim_parse(payload, len(payload), (ctypes.c_uint32 * 17)()))


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({0: 3, 1: 1}, 0),
        ({0: 3, 1: 1, 3: b"abc"}, 0),
        ({0: 3, 1: 1, 15: 1, 16: 2, 99: "text", 98: b"bytes", 97: -7}, 0),
        ({0: 3, 1: 1, 99: {"a": [1]}}, 3),
        ({0: 3, 1: 1, 99: 4.5}, 3),
        ({0: 3}, 3),
        ({1: 3}, 2),
        ({0: 3, 1: 1, 3: 5}, 3),
        ({0: 3, 1: "1"}, 3),
        ({0: 3, 1: -1}, 3),
        ({0: 3, 1: 1 << 32}, 3),
        ({0: 2, 1: 1, 3: b""}, 3),
        ({0: 0, 1: 1}, 2),
        ({0: 15, 1: 1}, 2),
        ({0: 64, 1: 1}, 2),
        ({0: 3, 1: 1, "a": 1}, 2),
        ([0, 3, 1, 1], 2),
    ],
)
def test_requests_are_checked(library: ctypes.CDLL, fields: object, status: int) -> None:
    assert parsed(library, cbor2.dumps(fields)) == status


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xa1",
        b"\xbf\x00\x03\x01\x01\xff",  # indefinite length
        b"\xba\xff\xff\xff\xff\x00\x03\x01\x01",  # more pairs than there are
        b"\xa3\x00\x03\x01\x01\x03\x5a\xff\xff\xff\xff",  # more data than there is
        b"\xa3\x00\x03\x01\x01\x18\x63" + b"\x81" * 500,  # an array without end
        b"\xa3\x00\x03\x01\x01\x18\x63\x9a\xff\xff\xff\xff",
        b"\xa2\x00\x03\x01\x01\x00",  # something after the map
        b"\xa3\x00\x03\x01\x01\x18\x63\x1c",  # reserved
    ],
)
def test_payloads_that_lie_are_refused(library: ctypes.CDLL, payload: bytes) -> None:
    assert parsed(library, payload) != 0


# Inputs


def told(reply: Message) -> tuple[int, int, int]:
    return reply.integer("STATUS"), reply.integer("BYTES"), reply.integer("CRC32")


def test_an_input_goes_on_where_a_closed_port_has_left_it(board: Board) -> None:
    assert told(board.ask("CONFIGURE", SEQUENCE=1)) == (0, 0, 0)
    half = INPUT[:40]
    assert told(board.ask("INPUT", SEQUENCE=2, OFFSET=0, DATA=half)) == (0, 40, zlib.crc32(half))
    assert board.ask("HELLO", SEQUENCE=900).name == "HELLO_REPLY"  # another session of the host
    assert told(board.ask("CONFIGURE", SEQUENCE=901)) == (0, 40, zlib.crc32(half))
    whole = board.ask("INPUT", SEQUENCE=902, OFFSET=40, DATA=INPUT[40:])
    assert told(whole) == (0, 64, zlib.crc32(INPUT))
    assert board.ask("INFER", SEQUENCE=903).name == "RESULT"
    assert told(board.ask("CONFIGURE", SEQUENCE=904)) == (0, 0, 0)  # it is used up


def test_chunks_on_their_way_are_taken_once_and_gaps_are_told(board: Board) -> None:
    chunks = [INPUT[at : at + 16] for at in range(0, 64, 16)]
    crcs = [zlib.crc32(INPUT[: 16 * n]) for n in range(5)]

    def put(number: int, sequence: int) -> tuple[int, int, int]:
        data = chunks[number]
        return told(board.ask("INPUT", SEQUENCE=sequence, OFFSET=16 * number, DATA=data))

    assert put(0, 10) == (0, 16, crcs[1])
    assert put(2, 12) == (3, 16, crcs[1])  # 11 was lost
    assert put(1, 11) == (0, 32, crcs[2])
    assert put(2, 12) == (0, 48, crcs[3])
    assert put(0, 10) == (0, 48, crcs[3])  # its answer was lost: it does not begin anew
    assert put(1, 13) == (0, 48, crcs[3])
    assert put(3, 14) == (0, 64, crcs[4])
    assert put(0, 15) == (0, 16, crcs[1])  # another one does


# Versions


def test_host_and_firmware_agree_on_a_protocol(tmp_path: Path) -> None:
    folder = tmp_path / "protocol"
    shutil.copytree(paths.data_folder("firmware") / "protocol", folder)
    listing = folder / "tnf_messages.def"
    text = listing.read_text()
    text = text.replace("TNF_LIMIT(PROTOCOL, 1)", "TNF_LIMIT(PROTOCOL, 4)")
    text = text.replace("TNF_LIMIT(PROTOCOL_LOWEST, 1)", "TNF_LIMIT(PROTOCOL_LOWEST, 2)")
    listing.write_text(text)
    support = Path(build_shim.__code__.co_filename).parent
    sources = [file for file in firmware_sources() if file.parent.name != "protocol"]
    sources += sorted(folder.glob("*.c"))
    sources += [support / f"{name}.c" for name in ("fake_model", "memory_port", "session_shim")]
    command = ["gcc", "-std=c99", *WARNINGS, f"-I{folder}", *includes(), "-shared", "-fPIC"]
    library = tmp_path / "later.so"
    process.run([*command, *map(str, sources), "-o", str(library)], timeout=60)
    board = Board(ctypes.CDLL(str(library)))
    spoken: list[int] = []
    for number, values in enumerate([{}, *({"SPEAKS": n} for n in (0, 1, 2, 3, 4, 5, 2**32 - 1))]):
        reply = board.ask("HELLO", SEQUENCE=number, **values)
        assert reply.integer("PROTOCOL_LOWEST") == 2
        spoken.append(reply.integer("PROTOCOL"))
    assert spoken == [4, 4, 4, 2, 3, 4, 4, 4]
    assert messages.definitions().limits["PROTOCOL"] == 1
