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

from tinyflow import progress
from tinyflow.artifacts import BoardRun, Evaluation, MetricRow
from tinyflow.errors import DeviceError
from tinyflow.pipeline import Walk, flashing, judge, start
from tinyflow.pipeline.deployed import keep_deployed
from tinyflow.pipeline.runs import keep_run

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes
    from tinyflow.monitor.store import Store

MAX_RECONNECTS = 2
ROWS = "metrics.sqlite"


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


def deploy(
    board: str | None = None,
    *,
    port: str | None = None,
    seed: int | None = None,
    builder: str | None = None,
    runner: str | None = None,
    folder: Path | None = None,
) -> dict[str, Any]:
    """Train, compile, build, flash, evaluate on the board, and keep the metric rows.

    The project is the one at or above `folder` (default: the current one); `board` defaults to
    its `board` key. Returns what `tinyflow deploy --json` prints. Raises TinyflowError of the kind
    that says what to fix.

    A board that dies on the way is flashed again and goes on with the first sample it has not
    answered; what it told before is kept.
    """
    walk = start(board=board, seed=seed, builder=builder, runner=runner, folder=folder)
    return deploy_walk(walk, port)


def require_way(walk: Walk, port: str | None) -> None:
    """Raise, before any work, when a tool or the board's port is missing."""
    from tinyflow.pipeline import health

    health.require(walk.require_board())
    flashing.check_port(walk.require_board(), port)


def deploy_walk(walk: Walk, port: str | None) -> dict[str, Any]:
    """`deploy` of a walk that has been begun."""
    from tinyflow import evaluation

    project = walk.require_project()
    require_way(walk, port)
    budget = project.config.budget
    dataset, compiled, image = walk.dataset(), walk.compiled(), walk.image()
    evaluation.check_budget(
        budget, {"flash_bytes": image.flash_bytes, "ram_bytes": image.ram_bytes}
    )
    floating, int8 = judge.evaluate_float(walk), judge.evaluate_int8(walk)
    host, expected = judge.evaluate_host(walk)
    run = run_name()
    with metric_store(walk) as store:
        store.append(_rows(run, image.board, [floating, int8, host]))
        measured = _on_board(walk, port, run, store, judge.test_inputs(walk, dataset))
        answers = judge.Answers("device", compiled.input, compiled.output, measured.outputs)
        device = evaluation.evaluate(answers, dataset)
        store.append(_rows(run, image.board, [device]))
        store.append(_device_rows(run, image.board, measured))
    mismatched = evaluation.compare(expected, measured.outputs)
    keep_run(walk, BoardRun(device, measured.unit, measured.count, measured.latency_us, mismatched))
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
        "float": judge.figures(floating),
        "int8": judge.figures(int8),
        "host": judge.figures(host),
        "device": {
            **(judge.figures(device) or {}),
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
    for attempt in range(MAX_RECONNECTS + 1):
        before = len(outputs)
        try:
            with walk.flashed(port) as flashed, device.connect(flashed) as dut:
                hello = dut.hello
                keep_deployed(walk)
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
    latency_us = monitor.microseconds(count, hello)
    return Measured(np.stack(outputs), hello.counter_unit, count, latency_us)


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
        rows.append(MetricRow(run, board, "device", "latency_us", measured.latency_us, "us", now))
    return rows


def _answered(run: str, board: str, samples: int) -> list[MetricRow]:
    return [MetricRow(run, board, "device", "samples", samples, "samples", time.time())]
