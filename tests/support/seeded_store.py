"""A store as a rig of boards fills it: seeded, with drift, alerts and a restart in it."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tinyflow.artifacts import MetricRow, RunDocument
from tinyflow.monitor import Store

END = 1_772_355_600.0
RUN = "20260301T090000Z-5eed"
OLD_RUN = "20260226T140000Z-01d0"
LABELS = [
    "yes",
    "no",
    "up",
    "down",
    "left",
    "right",
    "on",
    "off",
    "stop",
    "go",
    "silence",
    "unknown",
]
# operator, output bytes, MACs, and what share of an inference it takes
LAYERS = [
    ("CONV_2D", 8000, 320_000, 0.142),
    ("DEPTHWISE_CONV_2D", 8000, 72_000, 0.071),
    ("CONV_2D", 8000, 512_000, 0.138),
    ("DEPTHWISE_CONV_2D", 8000, 72_000, 0.071),
    ("CONV_2D", 8000, 512_000, 0.139),
    ("DEPTHWISE_CONV_2D", 8000, 72_000, 0.070),
    ("CONV_2D", 8000, 512_000, 0.138),
    ("DEPTHWISE_CONV_2D", 8000, 72_000, 0.071),
    ("CONV_2D", 8000, 512_000, 0.139),
    ("AVERAGE_POOL_2D", 64, 8000, 0.012),
    ("RESHAPE", 64, 0, 0.0),
    ("FULLY_CONNECTED", 12, 768, 0.004),
    ("SOFTMAX", 12, 0, 0.005),
]
INPUT_BYTES = 490


def tensors() -> list[dict[str, Any]]:
    """An arena in which each output takes the place that the one before last left."""
    found = [{"name": "input", "offset": 8000, "bytes": INPUT_BYTES, "first": 0, "last": 0}]
    for index, (_, size, _, _) in enumerate(LAYERS):
        last = min(index + 1, len(LAYERS) - 1)
        offset = 0 if index % 2 == 0 else 8000
        found.append(
            {
                "name": f"kws/block{index}/out",
                "offset": offset,
                "bytes": size,
                "first": index,
                "last": last,
            }
        )
    found.append(
        {"name": "scratch of CONV_2D", "offset": 16_000, "bytes": 2304, "first": 0, "last": 0}
    )
    return [{**tensor, "slow": False} for tensor in found]


def document(board: str, clock_hz: int, unit: str) -> dict[str, Any]:
    """What the monitor writes down of a board."""
    hello = {
        "protocol": 1,
        "tool_version": "0.1.0",
        "board": board,
        "model": "kws",
        "model_sha256": "5eed" * 16,
        "build_id": "a1b2c3d4e5f60718",
        "arena_bytes": 18_304,
        "counter_unit": unit,
        "clock_hz": clock_hz,
        "layers": len(LAYERS),
        "heartbeat_ms": 1000,
    }
    layers = [
        {"index": index, "op": op, "name": f"kws/block{index}/out", "output_bytes": size,
         "macs": macs}
        for index, (op, size, macs, _) in enumerate(LAYERS)
    ]  # fmt: skip
    return {
        "hello": hello,
        "layers": layers,
        "arena": tensors(),
        "arena_bytes": 18_304,
        "labels": LABELS,
        "alerts": {"drift": {}, "latency_us": 20_000},
    }


def beats(
    run: str, board: str, device: str, start: float, seconds: int, step: int, seed: int,
    clock_hz: int = 168_000_000, counts: int = 2_900_000, drifts: bool = False,
) -> Iterator[list[MetricRow]]:  # fmt: skip
    """The rows of a heartbeat every `step` seconds; the board restarts once, at two thirds."""
    rng = random.Random(seed)
    unit = "cycles" if clock_hz else "instructions"
    inferences = misses = alarms = 0
    classes, bins = [0] * len(LABELS), [0] * 10
    weights = [rng.uniform(0.3, 2.0) for _ in LABELS]
    booted = start
    restart = seconds * 2 // 3 // step * step

    def row(name: str, value: float, unit: str) -> MetricRow:
        return MetricRow(run, board, "device", name, float(value), unit, now, device)

    for second in range(0, seconds + 1, step):
        now = start + second
        batch: list[MetricRow] = []
        if second == 0:
            batch = [
                row(f"layer_{index}_count", counts * share, unit)
                for index, (*_, share) in enumerate(LAYERS)
            ]
        if second == restart:
            booted, inferences, misses, alarms = now, 0, 0, 0
            classes, bins = [0] * len(LABELS), [0] * 10
        late = drifts and second > seconds * 0.55
        rate = 25 + 3 * math.sin(second / seconds * 9) + rng.gauss(0, 0.6)
        fed = max(1, round(rate * step))
        inferences += fed
        for index in range(len(LABELS)):
            share = weights[index] * (3 if late and index == 2 else 1)
            classes[index] += round(fed * share / sum(weights) + rng.random())
        for index in range(10):
            peak = 6.5 if late else 9.2
            bins[index] += round(fed * math.exp(-((index - peak) ** 2) / 5) * 0.35 + rng.random())
        middle = counts * (1 + 0.02 * math.sin(second / 40) + rng.gauss(0, 0.004))
        most = middle * (1.9 if rng.random() < 0.02 else 1.12)
        misses += most > middle * 1.5
        figures = {"": middle, "_min": middle * 0.96, "_max": most, "_mean": middle * 1.01,
                   "_p50": middle, "_p99": middle * 1.08 + rng.random() * 2000}  # fmt: skip
        for suffix, value in figures.items():
            batch.append(row(f"count{suffix}", value, unit))
            if clock_hz:
                batch.append(row(f"latency_us{suffix}", value * 1e6 / clock_hz, "us"))
        score = 0.05 + 0.02 * rng.random() + (0.004 * (second - seconds * 0.55) if late else 0)
        score = min(score, 0.6)
        alarms += score > 0.25
        batch += [row(f"class_{index}", value, "inferences") for index, value in enumerate(classes)]
        batch += [
            row(f"confidence_{index}", value, "inferences") for index, value in enumerate(bins)
        ]
        batch += [
            row("inferences", inferences, "inferences"),
            row("throughput", fed / step, "inferences/s"),
            row("deadline_misses", misses, "inferences"),
            row("uptime_ms", (now - booted) * 1000, "ms"),
            row("reset_reason", 3 if second >= restart else 1, "code"),
            row("arena_bytes", 18_304, "B"),
            row("stack_bytes", 4096, "B"),
            row("stack_used_bytes", 1480 + (second > seconds / 4) * 212, "B"),
            row("heap_free_bytes", 40_960 - second % 90 * 8, "B"),
            row("frames_damaged", second // 200, "frames"),
            row("drift_input", score, ""),
            row("drift_input_limit", 0.25, ""),
            row("drift_output", 0.03 + 0.02 * rng.random() + (0.07 if late else 0), ""),
            row("drift_output_limit", 0.2, ""),
            row("drift_alarms", alarms, "alarms"),
        ]  # fmt: skip
        if late and second % 60 == 0 and score > 0.25:
            batch.append(row("alert_drift", score, ""))
        if misses and second % 150 == 0:
            batch.append(row("alert_latency", most, unit))
        yield batch


def fill(path: Path, end: float, seconds: int = 1800, step: int = 5) -> None:
    """Three boards in a run that ends at `end`, of which one drifts, and an older run."""
    start = end - seconds
    boards = [
        (RUN, "stm32f405", "3071355F3432", 168_000_000, 2_900_000, True, start),
        (RUN, "esp32", "/dev/ttyUSB0", 240_000_000, 5_100_000, False, start),
        (RUN, "qemu-m4", "", 0, 1_310_000, False, start),
        (OLD_RUN, "stm32f405", "3071355F3432", 168_000_000, 3_400_000, False, start - 250_000),
    ]
    with Store(path) as store:
        for seed, (run, board, device, clock, counts, drifts, began) in enumerate(boards):
            unit = "cycles" if clock else "instructions"
            told = RunDocument(run, board, device, began, document(board, clock, unit))
            store.append((), [told])
            batches = beats(run, board, device, began, seconds, step, seed, clock, counts, drifts)
            store.append(row for batch in batches for row in batch)
