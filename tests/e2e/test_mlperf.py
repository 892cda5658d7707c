"""MLPerf Tiny's protocol, spoken to boards as docs/console.md describes it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from mlperf_host import Console, opened
from network import Network
from small_model import small
from tflite_writer import write_tflite

from tinyflow import device, pipeline
from tinyflow.artifacts import CompiledModel, FlashedBoard
from tinyflow.compiler.graph import Graph, Quantization
from tinyflow.config import MlperfTask
from tinyflow.device import protocol
from tinyflow.errors import ProjectError

MODELS = Path(__file__).parents[2].parent / "shared" / "models" / "mlperf_tiny"
SHARED: dict[MlperfTask, str] = {
    "kws01": "kws_ref_model",
    "vww01": "vww_96_int8",
    "ic01": "pretrainedResnet_quant",
    "ad01": "ad01_int8",
}
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Benched:
    """A board that runs with a benchmark's interface."""

    task: MlperfTask
    model: CompiledModel
    place: FlashedBoard

    def inputs(self) -> bytes:
        """What a benchmark's host loads."""
        rng = np.random.default_rng(3)
        size = self.model.input.size_bytes
        if self.task == "ad01":
            return rng.normal(0, 8, size).astype("<f4").tobytes()
        return rng.integers(0, 256, size, dtype=np.uint8).tobytes()

    def results(self, loaded: bytes) -> str:
        """What the model gives, asked with a frame, as the benchmark's host is told it."""
        given, told = self.model.input, self.model.output
        floats = np.frombuffer(loaded, "<f4") if self.task == "ad01" else np.zeros(0, np.float32)
        if self.task == "ad01":
            steps = floats / np.float32(given.scale)
            rounded = np.trunc(steps + np.copysign(np.float32(0.5), steps)) + given.zero_point
            data = np.clip(rounded, -128, 127).astype(np.int8).tobytes()
        elif self.task == "kws01":
            data = loaded
        else:
            data = (
                (np.frombuffer(loaded, np.uint8).astype(np.int16) - 128).astype(np.int8).tobytes()
            )
        with device.connect(self.place) as dut:
            codes = np.frombuffer(dut.infer(data).output, np.int8).astype(np.int32)
        scores = (codes - told.zero_point).astype(np.float32) * np.float32(told.scale)
        if self.task == "ad01":
            # Added up in order, as the device does.
            squares = np.square(scores - floats)
            scores = np.add.accumulate(squares, dtype=np.float32)[-1:] / np.float32(len(squares))
        return ",".join(f"{score:.3f}" for score in scores)


def autoencoder() -> Graph:
    """Eight values in, eight out."""
    net = Network((1, 8))
    matrix, bias = net.weights((8, 8), 0, 0)
    quantization = Quantization((0.25,), (5,))
    net.node("FULLY_CONNECTED", (0, matrix, bias), (1, 8), quantization)
    return net.graph()


@contextlib.contextmanager
def benched(folder: Path, task: MlperfTask, file: Path, board: str = "native") -> Iterator[Benched]:
    runner = "native" if board == "native" else "qemu"
    walk = pipeline.start(model=file, board=board, runner=runner, mlperf=task, folder=folder)
    with walk.flashed() as place:
        yield Benched(task, walk.compiled(), place)


def write(folder: Path, graph: Graph) -> Path:
    file = folder / "model.tflite"
    file.write_bytes(write_tflite(graph))
    return file


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Benched]:
    folder = tmp_path_factory.mktemp("native")
    with benched(folder, "ic01", write(folder, small())) as board:
        yield board


@pytest.fixture
def console(native: Benched) -> Iterator[Console]:
    with opened(native.place.port) as there:
        there.wait()
        yield there


def check(board: Benched) -> int:
    """All that a run of the benchmark does. Returns the microseconds of three inferences."""
    loaded = board.inputs()
    with opened(board.place.port) as console:
        console.wait()
        console.send(b"reset%")
        start = [console.line() for _ in range(5)]
        assert start[0].endswith(f"on {board.place.board}: stats reset bootloader")
        assert start[1] == "m-timestamp-mode-performance"
        assert re.fullmatch(r"m-lap-us-\d+", start[2])
        assert start[3:] == ["m-init-done", "m-ready"]
        assert console.command("name") == [f"m-name-dut-[{board.place.board}]"]
        assert console.command("profile") == [
            "m-profile-[ULPMark for tinyML Firmware V0.0.1]",
            f"m-model-[{board.task}]",
        ]
        console.load(loaded)
        once = console.infer(1, 0)
        more = console.infer(3, 2)
        assert console.command("results") == [f"m-results-[{once.results}]"]
        (later,) = console.command("timestamp")
    # The input is the same each time, although a model writes over it.
    assert once.results == more.results == board.results(loaded)
    assert once.begin_us <= once.end_us <= more.begin_us + 1000
    assert more.end_us <= int(later.removeprefix("m-lap-us-")) + 1000
    return more.end_us - more.begin_us


@pytest.mark.parametrize("task", list(SHARED))
def test_a_benchmark_runs(tmp_path: Path, task: MlperfTask) -> None:
    file = MODELS / f"{SHARED[task]}.tflite"
    if not file.is_file():
        pytest.skip(f"../shared/models/mlperf_tiny/{file.name} is not beside this checkout")
    with benched(tmp_path, task, file) as board:
        assert check(board) > 30


def test_scores_and_errors_of_small_models(native: Benched, tmp_path: Path) -> None:
    check(native)
    with benched(tmp_path, "ad01", write(tmp_path, autoencoder())) as board:
        check(board)


def test_an_emulated_board(tmp_path: Path) -> None:
    """Its counter counts instructions, which are no time: milliseconds stand in."""
    with benched(tmp_path, "kws01", write(tmp_path, small()), "qemu-m4") as board:
        check(board)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("", []),
        ("boo", ["e-[unknown command, or over 80 characters; see help]"]),
        ("names", ["e-[unknown command, or over 80 characters; see help]"]),
        ("x" * 81, ["e-[unknown command, or over 80 characters; see help]"]),
        ("db load 3" + " " * 72, ["e-[unknown command, or over 80 characters; see help]"]),
        ("db", ["e-[db: load N, print, or bytes in hex after load N]"]),
        ("db load", ["e-[db load N: N must be 1 to 32]"]),
        ("db load 0", ["e-[db load N: N must be 1 to 32]"]),
        ("db load 33", ["e-[db load N: N must be 1 to 32]"]),
        ("db load 4294967297", ["e-[db load N: N must be 1 to 32]"]),
        ("db load 3x", ["e-[db load N: N must be 1 to 32]"]),
        ("db load 3 4", ["e-[db load N: N must be 1 to 32]"]),
        ("db 00", ["e-[db: load N, print, or bytes in hex after load N]"]),
        ("db 0", ["e-[db: bytes must be pairs of hex digits]"]),
        ("db 0g", ["e-[db: bytes must be pairs of hex digits]"]),
        ("db 00 00", ["e-[db: bytes must be pairs of hex digits]"]),
        ("db print 1 2 3", ["e-[db print N OFFSET]"]),
        ("infer 0", ["e-[infer N W: N must be 1 or more, W 0 or more]"]),
        ("infer -1", ["e-[infer N W: N must be 1 or more, W 0 or more]"]),
        ("infer 1 x", ["e-[infer N W: N must be 1 or more, W 0 or more]"]),
        ("infer 1", ["e-[bytes of input loaded: 0]"]),
    ],
)
def test_what_is_wrong_is_told(console: Console, sent: str, told: list[str]) -> None:
    console.command("db load 0")  # forgets what was loaded
    if sent:
        assert console.command(sent) == told
    else:
        console.send(b"%%\r\n\n%")  # nothing is no command: the next answer is the next one's
    assert console.command("db print") == [""]


def test_the_buffer_is_filled_in_pieces(console: Console) -> None:
    assert console.command("db load 20") == ["m-[Expecting 20 bytes]"]
    assert console.command("db 00fF80") == []
    assert console.command("db 1") == ["e-[db: bytes must be pairs of hex digits]"]
    assert console.command("db 0Zff") == ["e-[db: bytes must be pairs of hex digits]"]
    assert console.command("db print") == ["m-buffer-00-ff-80"]
    assert console.command("infer 1 0") == ["e-[bytes of input loaded: 3]"]
    # One byte more than asked for is left out.
    assert console.command("db " + bytes(range(18)).hex()) == ["m-load-done"]
    assert console.command("db print 10 2") == [
        "m-buffer-80-00-01-02-03-04-05-06",
        "m-buffer-07-08",
    ]
    assert console.command("db print 9 18") == ["m-buffer-0f-10"]
    assert console.command("db ff") == ["e-[db: load N, print, or bytes in hex after load N]"]


def test_inferences_without_end_are_ended(native: Benched, console: Console) -> None:
    console.load(native.inputs())
    console.send(b"infer 4294967295 0%")
    begun = [console.line() for _ in range(4)]
    assert begun[:3] == ["m-warmup-start-0", "m-warmup-done", "m-infer-start-4294967295"]
    console.send(b"x%")
    assert console.answer() == ["e-[infer: ended]"]
    assert console.command("name") == ["m-name-dut-[native]"]


def test_people_are_answered_as_well(console: Console) -> None:
    """And lines end as they do in a terminal; nothing is shown of what is typed."""
    for end in ("\r", "\n", "\r\n", "%"):
        assert console.command("name", end) == ["m-name-dut-[native]"]
    console.send(b"na\x7f\bname\n")
    assert console.answer() == ["m-name-dut-[native]"]
    assert "infer N W: N inferences after W that do not count" in console.command("help")
    console.send(b"?\n")
    assert console.line().endswith(": stats reset bootloader")
    console.send(b"stats\r")
    assert re.match(r"runs \d+ last \d+ .* nanoseconds misses 0 drift 0/0", console.line())


def test_a_port_may_be_closed_and_opened(native: Benched) -> None:
    """The board goes on: what was loaded is there, and time has not begun anew."""
    loaded = native.inputs()
    with opened(native.place.port) as first:
        first.wait()
        first.load(loaded)
        before = first.infer(1, 0)
    with opened(native.place.port) as second:
        after = second.infer(1, 0)
    assert after.results == before.results
    assert after.begin_us >= before.begin_us


def test_frames_go_between_commands(native: Benched, console: Console) -> None:
    loaded = native.inputs()
    console.load(loaded)
    results = console.infer(1, 0).results
    for sequence in range(3):
        console.send(protocol.encode("HELLO", {"SEQUENCE": sequence}) + b"db print 2\n")
        reply, line = console.frame(), console.answer()
        assert (reply.name, reply.sequence) == ("HELLO_REPLY", sequence)
        assert line == [f"m-buffer-{loaded[0]:02x}-{loaded[1]:02x}"]
    # The model's arena is used by both, the loaded bytes are not.
    assert native.results(loaded) == results
    assert console.infer(2, 1).results == results


def test_no_heartbeat_comes_between(native: Benched) -> None:
    with device.connect(native.place) as dut:
        assert dut.hello.heartbeat_ms == 0


def test_a_model_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught, benched(tmp_path, "ad01", write(tmp_path, small())):
        pass
    assert caught.value.what == "mlperf ad01 does not fit model model"
    assert caught.value.detail == ("output: must have the input's 32 values, found 3",)
