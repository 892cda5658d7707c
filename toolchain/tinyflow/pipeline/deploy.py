"""`deploy`: the whole road, from data to metric rows of a board that runs the model."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow import cache, progress
from tinyflow.artifacts import Dataset, Evaluation, MetricRow
from tinyflow.errors import DeviceError, ToolError
from tinyflow.pipeline import Walk, start
from tinyflow.pipeline.inputs import real_inputs

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes, Floats, TensorSpec
    from tinyflow.device import Device
    from tinyflow.monitor.store import Store

MAX_RECONNECTS = 2
ROWS = "metrics.sqlite"


@dataclass(frozen=True)
class Answers:
    """A predictor whose outputs are known already: what a board answered, judged like any other."""

    where: str
    input: TensorSpec
    output: TensorSpec
    outputs: Bytes

    def predict(self, features: Floats) -> Floats:
        return self.output.dequantize(self.outputs)


def run_name() -> str:
    """A run's name: when it began, and four digits so that two never meet."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + uuid.uuid4().hex[:4]


@contextlib.contextmanager
def metric_store(walk: Walk) -> Iterator[Store]:
    """The project's metric rows."""
    from tinyflow.monitor.store import Store

    walk.home.mkdir(parents=True, exist_ok=True)
    with Store(walk.home / ROWS) as store:
        yield store


def evaluate_float(walk: Walk) -> Evaluation:
    """The pruned float model on the test split."""
    from tinyflow import evaluation

    model, dataset = walk.pruned(), walk.dataset()
    return cache.Cache(walk.home).get(
        "evaluation",
        Evaluation,
        {"where": "float", "model": model.sha256, "dataset": dataset.sha256},
        lambda folder: evaluation.evaluate(evaluation.FloatModel(model), dataset),
    )


def evaluate_int8(walk: Walk) -> Evaluation | None:
    """The .tflite in the reference interpreter on the test split.

    None where that interpreter is not to be had, as on the newest Python: the host's C computes
    the same bytes, so nothing else depends on it.
    """
    from tinyflow import compiler, evaluation
    from tinyflow.reference import ReferenceInterpreter, reference_folder

    try:
        reference_folder()
    except ToolError as error:
        progress.report("evaluation", f"int8 is not judged: {error.what}")
        return None
    tflite, dataset = walk.tflite(), walk.dataset()

    def make(folder: object) -> Evaluation:
        # Read by our own reader first: a broken file is an error of ours, not a dead child.
        given, wanted = compiler.input_output(tflite.path)
        with ReferenceInterpreter(tflite.path, input=given, output=wanted) as reference:
            return evaluation.evaluate(reference, dataset)

    return cache.Cache(walk.home).get(
        "evaluation",
        Evaluation,
        {"where": "int8", "model": tflite.sha256, "dataset": dataset.sha256},
        make,
    )


def evaluate_host(walk: Walk) -> tuple[Evaluation, Bytes]:
    """The generated C on this machine: its figures, and its output bytes for the test split."""
    from tinyflow import evaluation
    from tinyflow.compiler.host import HostModel

    compiled, dataset = walk.compiled(), walk.dataset()
    inputs = test_inputs(walk, dataset)
    with HostModel(compiled) as host:
        outputs = host.invoke(inputs)
    answers = Answers("host", compiled.input, compiled.output, outputs)
    return evaluation.evaluate(answers, dataset), outputs


def test_inputs(walk: Walk, dataset: Dataset) -> Bytes:
    """The test split as the compiled model's input bytes."""
    inputs = real_inputs(walk.compiled().input, dataset)
    if inputs is None:
        raise DeviceError("the test split does not fit the model's input")
    return inputs


def evaluate_all(walk: Walk) -> dict[str, Any]:
    """Float, int8 and host C on the test split, by the same code; int8 may be None."""
    return {
        "labels": list(walk.dataset().labels),
        "float": figures(evaluate_float(walk)),
        "int8": figures(evaluate_int8(walk)),
        "host": figures(evaluate_host(walk)[0]),
    }


def figures(evaluation: Evaluation | None) -> dict[str, Any] | None:
    """An evaluation as JSON."""
    if evaluation is None:
        return None
    return {
        "split": evaluation.split,
        "samples": evaluation.samples,
        "accuracy": evaluation.accuracy,
        "confusion": [list(row) for row in evaluation.confusion],
    }


def deploy(
    board: str | None = None,
    *,
    port: str | None = None,
    seed: int | None = None,
    builder: str | None = None,
    folder: Path | None = None,
) -> dict[str, Any]:
    """Train, compile, build, flash, evaluate on the board, and keep the metric rows.

    The project is the one at or above `folder` (default: the current one); `board` defaults to
    its `board` key. Returns what `tinyflow deploy --json` prints. Raises TinyflowError of the kind
    that says what to fix.

    A board that dies on the way is flashed again and goes on with the first sample it has not
    answered; what it told before is kept.
    """
    from tinyflow import evaluation
    from tinyflow.device import find_port
    from tinyflow.pipeline import health

    walk = start(board=board, seed=seed, builder=builder, folder=folder)
    health.require(walk.require_board(), builder)
    if not walk.require_board().emulated:
        find_port(walk.require_board(), port)
    budget = walk.require_project().config.budget
    dataset, compiled, image = walk.dataset(), walk.compiled(), walk.image()
    evaluation.check_budget(
        budget, {"flash_bytes": image.flash_bytes, "ram_bytes": image.ram_bytes}
    )
    floating, int8 = evaluate_float(walk), evaluate_int8(walk)
    host, expected = evaluate_host(walk)
    run = run_name()
    with metric_store(walk) as store:
        store.append(_rows(run, image.board, [floating, int8, host]))
        measured = _on_board(walk, port, run, store, test_inputs(walk, dataset))
        answers = Answers("device", compiled.input, compiled.output, measured.outputs)
        device = evaluation.evaluate(answers, dataset)
        store.append(_rows(run, image.board, [device]))
        store.append(_device_rows(run, image.board, measured))
    mismatched = evaluation.compare(expected, measured.outputs)
    result = {
        "run": run,
        "board": image.board,
        "builder": image.builder,
        "model_sha256": compiled.model_sha256,
        "firmware_sha256": image.sha256,
        "build_id": image.build_id,
        "flash_bytes": image.flash_bytes,
        "ram_bytes": image.ram_bytes,
        "arena_bytes": compiled.arena_bytes,
        "weights_bytes": compiled.weights_bytes,
        "macs": compiled.macs,
        "float": figures(floating),
        "int8": figures(int8),
        "host": figures(host),
        "device": {
            **(figures(device) or {}),
            "counter": measured.unit,
            "count_per_inference": measured.count,
            "latency_us": measured.latency_us,
        },
        "mismatched_bytes": mismatched,
    }
    reached = {
        "flash_bytes": image.flash_bytes,
        "ram_bytes": image.ram_bytes,
        "accuracy": device.accuracy,
        "count_per_inference": measured.count,
        "latency_us": measured.latency_us,
    }
    return {**result, "unmeasured": list(evaluation.check_budget(budget, reached))}


@dataclass(frozen=True)
class Measured:
    """What a board answered to the test split. `count` is the median of one inference."""

    outputs: Bytes
    unit: str
    count: int
    latency_us: float | None


def _on_board(walk: Walk, port: str | None, run: str, store: Store, inputs: Bytes) -> Measured:
    from tinyflow import device, monitor

    outputs: list[Bytes] = []
    counts: list[int] = []
    unit, clock_hz = "", 0
    for attempt in range(MAX_RECONNECTS + 1):
        before = len(outputs)
        try:
            with walk.flashed(port) as flashed, device.connect(flashed) as dut:
                unit, clock_hz = dut.hello.counter_unit, dut.hello.clock_hz
                for inference in dut.infer_each(inputs[len(outputs) :]):
                    outputs.append(np.frombuffer(inference.output, dtype=np.int8))
                    counts.append(inference.count)
                    progress.report("device", "test samples", len(outputs), len(inputs))
                store.append(monitor.telemetry_rows(run, dut.hello, dut.telemetry(), time.time()))
            break
        except DeviceError as error:
            if attempt == MAX_RECONNECTS or len(outputs) == before:
                store.append(_answered(run, walk.require_board().name, len(outputs)))
                raise DeviceError(
                    error.what,
                    [*error.detail, f"{len(outputs)} of {len(inputs)} samples were answered"],
                    error.hints,
                ) from None
            progress.report("device", f"{error.what}; going on with sample {len(outputs) + 1}")
    count = int(np.median(counts))
    return Measured(np.stack(outputs), unit, count, latency_us(count, unit, clock_hz))


def latency_us(count: int, unit: str, clock_hz: int) -> float | None:
    """Microseconds, where the counter knows time; instructions do not."""
    if unit == "nanoseconds":
        return count / 1000
    if unit == "cycles" and clock_hz:
        return count * 1e6 / clock_hz
    return None


def _rows(run: str, board: str, evaluations: list[Evaluation | None]) -> list[MetricRow]:
    now = time.time()
    return [
        row
        for item in evaluations
        if item is not None
        for row in (
            MetricRow(run, board, item.where, "accuracy", item.accuracy, "fraction", now),
            MetricRow(run, board, item.where, "samples", item.samples, "samples", now),
        )
    ]


def _device_rows(run: str, board: str, measured: Measured) -> list[MetricRow]:
    now = time.time()
    rows = [
        MetricRow(run, board, "device", "count_per_inference", measured.count, measured.unit, now)
    ]
    if measured.latency_us is not None:
        rows.append(MetricRow(run, board, "device", "latency", measured.latency_us, "us", now))
    return rows


def _answered(run: str, board: str, samples: int) -> list[MetricRow]:
    return [MetricRow(run, board, "device", "samples", samples, "samples", time.time())]


def hello(walk: Walk, port: str | None = None) -> dict[str, Any]:
    """Flash the image and ask the board who it is."""
    from tinyflow import device

    image = walk.image()
    with walk.flashed(port) as flashed, device.connect(flashed) as dut:
        return {
            "board": image.board,
            "port": flashed.port,
            "firmware_sha256": image.sha256,
            "build_id": dut.hello.build_id,
            "model": dut.hello.model,
            "model_sha256": dut.hello.model_sha256,
            "flash_bytes": image.flash_bytes,
            "ram_bytes": image.ram_bytes,
        }


def connected(walk: Walk, port: str | None) -> contextlib.AbstractContextManager[Device]:
    """A session with the board as it is: a real one is not flashed, an emulated one is started."""
    from tinyflow import device
    from tinyflow.artifacts import FlashedBoard

    @contextlib.contextmanager
    def session() -> Iterator[Device]:
        board = walk.require_board()
        with contextlib.ExitStack() as stack:
            if board.emulated:
                place = stack.enter_context(walk.flashed(port))
            else:
                found = device.find_port(board, port)
                place = FlashedBoard(
                    board.name, found, board.baud, walk.compiled().model_sha256, ""
                )
            yield stack.enter_context(device.connect(place))

    return session()
