"""Sensing: windows, deadlines, the host and the sensor in turn, replayed samples."""

from __future__ import annotations

import ctypes
import random

import numpy as np
import pytest
from fake_board import expected_layers
from golden_frames import INPUT, REPLAY_DIALOGUE
from hypothesis import given, settings
from hypothesis import strategies as st
from sensing_board import FED, POLLED, PREPARING, REPLAY_ONLY, Board, build_sensing

from tinyflow.device import messages, protocol
from tinyflow.device.messages import Message

NO_SENSOR, NO_REPLAY, BAD_FIELD = 8, 9, 3


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return build_sensing(tmp_path_factory.mktemp("sensing"))


def stream(samples: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(samples)


def answer(window: bytes) -> bytes:
    return expected_layers(window)[-1]


# The sensor


@pytest.mark.parametrize("kind", [POLLED, FED])
def test_every_window_is_classified_in_order(library: ctypes.CDLL, kind: int) -> None:
    board = Board(library, kind=kind)
    data = stream(200)
    got = []
    for at in range(0, 200, 5):
        board.sense(data[at : at + 5], 5)
        output = board.poll()
        if output is not None:
            got.append(output)
    assert got == [answer(data[at : at + 64]) for at in range(0, 200 - 63, 16)]
    told = board.ask("SENSOR", SEQUENCE=1)
    assert told.integer("WINDOWS") == len(got) == 9
    assert told.integer("WINDOWS_DROPPED") == told.integer("GAPS") == 0
    assert board.ask("TELEMETRY", SEQUENCE=2).integer("INFERENCES") == 9


@pytest.mark.parametrize("kind", [POLLED, FED])
def test_a_window_is_late_when_the_next_hop_is_full(library: ctypes.CDLL, kind: int) -> None:
    board = Board(library, kind=kind)
    data = stream(64 + 15 + 16 + 1 + 16)
    board.sense(data[:64], 64)
    board.sense(data[64:79], 15, during=True)
    assert board.poll() == answer(data[:64])
    told = board.ask("SENSOR", SEQUENCE=1)
    assert (told.integer("AGE"), told.integer("AGE_MAX")) == (15, 15)
    assert board.ask("TELEMETRY", SEQUENCE=2).integer("DEADLINE_MISSES") == 0
    # The second hop is complete with one sample more; sixteen more while it is looked at.
    board.sense(data[79:80], 1)
    board.sense(data[80:96], 16, during=True)
    assert board.poll() == answer(data[16:80])
    assert board.ask("SENSOR", SEQUENCE=3).integer("AGE") == 16
    assert board.ask("TELEMETRY", SEQUENCE=4).integer("DEADLINE_MISSES") == 1
    assert board.poll() == answer(data[32:96])
    told = board.ask("SENSOR", SEQUENCE=5)
    assert (told.integer("AGE"), told.integer("AGE_MAX")) == (0, 16)


def test_a_late_window_is_one_miss_whatever_made_it_late(library: ctypes.CDLL) -> None:
    board = Board(library, deadline=99)
    board.sense(stream(64), 64)
    board.sense(stream(16), 16, during=True)
    assert board.poll() is not None  # 100 ticks and a full hop
    told = board.ask("TELEMETRY", SEQUENCE=1)
    assert (told.integer("DEADLINE"), told.integer("DEADLINE_MISSES")) == (99, 1)


def test_what_is_overwritten_is_dropped_by_whole_hops(library: ctypes.CDLL) -> None:
    board = Board(library)
    data = stream(1000)
    board.sense(data, 1000)
    got = []
    for _ in range(20):
        output = board.poll()
        if output is not None:
            got.append(output)
    told = board.ask("SENSOR", SEQUENCE=1)
    windows = [answer(data[at : at + 64]) for at in range(0, 1000 - 63, 16)]
    assert told.integer("WINDOWS") == len(got)
    assert told.integer("WINDOWS") + told.integer("WINDOWS_DROPPED") == len(windows)
    assert told.integer("WINDOWS_DROPPED") > 0
    assert [windows.index(output) for output in got] == sorted(windows.index(o) for o in got)
    assert got[-1] == windows[-1]


def test_a_sensor_that_does_not_answer_is_tried_every_second(library: ctypes.CDLL) -> None:
    board = Board(library)
    data = stream(200)
    board.sense(data[:40], 40)
    assert board.poll() is None
    library.shim_fail(2, 1)
    (log,) = board.reader.feed(board.take() + (board.poll() or board.take()))
    assert isinstance(log, Message) and log.text("TEXT") == "the sensor does not answer"
    assert library.shim_stopped() == 1
    assert board.ask("SENSOR", SEQUENCE=1).integer("STATUS") == NO_SENSOR
    for ms in (2000, 2500, 3000, 3500, 4499):
        board.at(ms)
        board.poll()
    assert library.shim_started() == 1
    board.at(4500)
    board.poll()
    assert library.shim_started() == 2
    told = board.ask("SENSOR", SEQUENCE=2)
    assert (told.integer("STATUS"), told.integer("GAPS")) == (0, 1)
    board.sense(data[100:164], 64)  # nothing of what came before the gap is in it
    assert board.poll() == answer(data[100:164])
    assert board.take() == b""  # and it was told once


def test_a_driver_may_make_the_input_of_a_window(library: ctypes.CDLL) -> None:
    board = Board(library, window=10, hop=3, channels=2, kind=PREPARING)
    data = stream(2 * 30)
    got = replay(board, data, 6)
    starts = range(0, 30 - 9, 3)
    assert got == [answer(data[2 * at : 2 * at + 1] * 64) for at in starts]


@pytest.mark.parametrize(("window", "channels"), [(63, 1), (65, 1), (32, 3)])
def test_windows_that_are_no_input_are_refused(
    library: ctypes.CDLL, window: int, channels: int
) -> None:
    board = Board(library, window=window, channels=channels)
    data = stream(400)
    board.sense(data, 100)
    assert board.poll() is None
    board.at(10_000)
    assert board.poll() is None
    assert library.shim_started() == 0
    assert board.ask("SENSOR", SEQUENCE=1).integer("STATUS") == BAD_FIELD
    assert board.ask("SENSOR", SEQUENCE=2, REPLAY=1).integer("STATUS") == BAD_FIELD
    assert board.ask("SAMPLES", SEQUENCE=3, OFFSET=0, DATA=b"").integer("STATUS") == NO_REPLAY


# The host beside the sensor


def test_the_host_has_the_model_for_itself_while_it_uses_it(library: ctypes.CDLL) -> None:
    board = Board(library)
    data = stream(64)
    board.sense(data, 64)
    board.ask("INPUT", SEQUENCE=1, OFFSET=0, DATA=INPUT[:32])
    board.at(2400)
    for _ in range(20):
        assert board.poll() is None
    board.ask("INPUT", SEQUENCE=2, OFFSET=32, DATA=INPUT[32:])
    assert board.poll() is None
    assert board.ask("INFER", SEQUENCE=3).data() == answer(INPUT)
    for _ in range(20):
        assert board.poll() is None
    assert board.ask("OUTPUT", SEQUENCE=4, OFFSET=0).data() == answer(INPUT)
    for _ in range(20):
        board.poll()
    board.at(3400)
    got = [board.poll() for _ in range(20)]
    assert got.count(answer(data)) == 1
    assert board.ask("INFER", SEQUENCE=5).integer("STATUS") == 4  # its input is gone


def test_a_host_that_only_asks_does_not_hold_the_sensor_up(library: ctypes.CDLL) -> None:
    board = Board(library)
    data = stream(64)
    board.sense(data, 64)
    board.ask("TELEMETRY", SEQUENCE=1)
    assert board.poll() == answer(data)


# Replay


def test_the_firmware_answers_byte_for_byte(library: ctypes.CDLL) -> None:
    board = Board(library)
    for name, values, request, reply in REPLAY_DIALOGUE:
        assert protocol.encode(name, values).hex() == request
        assert board.feed(bytes.fromhex(request)).hex() == reply, name


def replay(board: Board, data: bytes, most: int = 1024) -> list[bytes]:
    """As a host that ignores what it is told of credit would."""
    assert board.ask("SENSOR", SEQUENCE=1, REPLAY=1).integer("REPLAY") == 1
    at, sequence, got = 0, 2, []
    while at < len(data):
        reply = board.ask("SAMPLES", SEQUENCE=sequence, OFFSET=at, DATA=data[at : at + most])
        assert reply.name == "SAMPLES_REPLY"
        assert reply.integer("OFFSET") > at
        at, sequence = reply.integer("OFFSET"), sequence + 1
        if "DATA" in reply.values:
            assert reply.integer("WINDOWS") == len(got) + 1
            got.append(reply.data())
    return got


@pytest.mark.parametrize("kind", [POLLED, FED, REPLAY_ONLY])
@pytest.mark.parametrize(("window", "hop", "most"), [(64, 64, 1000), (64, 1, 7), (64, 48, 1024)])
def test_a_replayed_window_is_as_one_inference(
    library: ctypes.CDLL, kind: int, window: int, hop: int, most: int
) -> None:
    board = Board(library, kind=kind, window=window, hop=hop)
    data = stream(300)
    got = replay(board, data, most)
    wanted = [data[at : at + window] for at in range(0, len(data) - window + 1, hop)]
    assert got == [answer(item) for item in wanted]
    for number, item in enumerate(wanted[:3]):
        assert board.ask("INFER", SEQUENCE=1000 + number, DATA=item).data() == got[number]


def test_a_repeated_request_is_not_taken_twice(library: ctypes.CDLL) -> None:
    board = Board(library)
    data = stream(100)
    board.ask("SENSOR", SEQUENCE=1, REPLAY=1)
    first = board.ask("SAMPLES", SEQUENCE=2, OFFSET=0, DATA=data[:64])
    for _ in range(3):
        assert board.ask("SAMPLES", SEQUENCE=2, OFFSET=0, DATA=data[:64]) == first
        board.poll()
    assert first.data() == answer(data[:64])
    assert board.ask("TELEMETRY", SEQUENCE=3).integer("INFERENCES") == 1
    second = board.ask("SAMPLES", SEQUENCE=4, OFFSET=64, DATA=data[64:80])
    assert second.data() == answer(data[16:80])


def test_the_sensor_rests_during_a_replay_and_takes_over_again(library: ctypes.CDLL) -> None:
    board = Board(library)
    data = stream(64, seed=2)
    board.sense(stream(40), 40)
    assert board.poll() is None
    board.ask("SENSOR", SEQUENCE=1, REPLAY=1)
    assert library.shim_stopped() == 1
    board.sense(data, 64)
    assert board.poll() is None
    told = board.ask("SENSOR", SEQUENCE=2, REPLAY=0)
    assert told.integer("REPLAY") == 0
    board.at(2500)
    assert board.poll() == answer(data)
    assert library.shim_started() == 2


def test_a_replay_whose_host_is_gone_ends(library: ctypes.CDLL) -> None:
    board = Board(library)
    board.ask("SENSOR", SEQUENCE=1, REPLAY=1)
    board.at(6400)
    board.poll()
    assert library.shim_started() == 1
    board.ask("SAMPLES", SEQUENCE=2, OFFSET=0, DATA=b"")  # a host that has nothing to send yet
    board.at(11_300)
    board.poll()
    assert library.shim_started() == 1
    board.at(11_400)
    board.poll()
    assert library.shim_started() == 2
    reply = board.ask("SAMPLES", SEQUENCE=3, OFFSET=0, DATA=bytes(8))
    assert reply.integer("STATUS") == NO_REPLAY


def test_an_application_sees_replayed_windows_too(library: ctypes.CDLL) -> None:
    board = Board(library)
    board.ask("SENSOR", SEQUENCE=1, REPLAY=1)
    board.ask("SAMPLES", SEQUENCE=2, OFFSET=0, DATA=INPUT)
    assert board.poll() == answer(INPUT)
    assert board.poll() is None


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"OFFSET": 0, "DATA": bytes(3)}, BAD_FIELD),  # half a sample
        ({"OFFSET": 2, "DATA": bytes(2)}, BAD_FIELD),
        ({"OFFSET": 0xFFFFFFFE, "DATA": bytes(2)}, BAD_FIELD),
        ({"OFFSET": 0}, BAD_FIELD),
        ({"OFFSET": 0, "DATA": bytes(2)}, 0),
    ],
)
def test_samples_in_the_wrong_place_are_refused(
    library: ctypes.CDLL, values: dict[str, int | bytes], status: int
) -> None:
    board = Board(library, channels=2, window=32)
    board.ask("SENSOR", SEQUENCE=1, REPLAY=1)
    reply = board.ask("SAMPLES", SEQUENCE=2, **values)
    assert reply.values.get("STATUS", 0) == status
    assert board.ask("SENSOR", SEQUENCE=3).integer("WINDOWS") == 0
    assert board.ask("SENSOR", SEQUENCE=4, REPLAY=2).integer("STATUS") == BAD_FIELD


@settings(max_examples=40, deadline=None)
@given(
    window=st.integers(1, 32),
    hop=st.integers(1, 32),
    sizes=st.lists(st.integers(0, 90), min_size=1, max_size=30),
    damage=st.sets(st.integers(0, 29)),
)
def test_no_sample_is_lost_whatever_is_sent_and_damaged(
    library: ctypes.CDLL, window: int, hop: int, sizes: list[int], damage: set[int]
) -> None:
    hop = min(hop, window)
    board = Board(library, window=window, hop=hop, value_bytes=1, channels=2, kind=PREPARING)
    data = stream(5000)
    board.ask("SENSOR", SEQUENCE=0, REPLAY=1)
    at, windows = 0, 0
    for number, size in enumerate(sizes):
        values = {"SEQUENCE": number + 1, "OFFSET": at, "DATA": data[at : at + 2 * size]}
        frame = bytearray(protocol.encode("SAMPLES", values))
        if number in damage:
            frame[len(frame) // 2] ^= 0x40
            board.reader.feed(board.feed(bytes(frame)))
        reply = board.ask("SAMPLES", **values)
        missing = windows * hop + window - at // 2
        taken = min(size, missing)
        at += 2 * taken
        windows += taken == missing
        assert reply.integer("OFFSET") == at
        assert ("DATA" in reply.values) == (taken == missing)
        assert reply.integer("CREDIT") == 2 * (windows * hop + window) - at


# int16


@settings(max_examples=60, deadline=None)
@given(
    fraction=st.floats(0.5, 0.9999999),
    exponent=st.integers(-20, 10),
    values=st.lists(st.integers(-32768, 32767), min_size=64, max_size=64),
)
def test_int16_samples_are_quantised_as_said(
    library: ctypes.CDLL, fraction: float, exponent: int, values: list[int]
) -> None:
    multiplier, shift = min(round(fraction * 2**31), 2**31 - 1), 31 - exponent
    library.shim_quantize(ctypes.c_int32(multiplier), shift)
    board = Board(library, value_bytes=2, hop=64)
    samples = np.array(values, dtype="<i2")
    got = replay(board, samples.tobytes())
    exact = [(value * multiplier + (1 << (shift - 1))) >> shift for value in values]
    wanted = np.clip(np.array(exact) - 3, -128, 127).astype(np.int8)  # the model's zero point
    assert got == [answer(wanted.tobytes())]
    near = np.array(values) * (multiplier / 2.0**shift)
    assert np.all(np.abs(near - np.array(exact)) <= 0.5 + 1e-6 * np.abs(near))


def test_the_ring_s_memory_is_as_documented(library: ctypes.CDLL) -> None:
    for window, hop, capacity in ((64, 16, 80), (64, 64, 128), (3, 2, 6), (100, 30, 150)):
        samples = capacity + window - hop
        assert library.shim_memory_words(window, hop, 6) == samples * 3
        assert library.shim_memory_words(window, hop, 1) == (samples + 1) // 2


def test_the_limit_of_a_payload_holds_the_largest_answer() -> None:
    biggest = messages.UINT32_MAX
    names = ("SEQUENCE", "OFFSET", "CREDIT", "WINDOWS", "COUNT", "DEADLINE_MISSES", "BYTES")
    values = {**dict.fromkeys(names, biggest), "DATA": bytes([1] * 1024)}
    assert protocol.decode(protocol.encode("SAMPLES_REPLY", values)[1:-1]) is not None
