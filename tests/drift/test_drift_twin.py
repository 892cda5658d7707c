"""The device's arithmetic of sketches and drift, held equal to its Python twin."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drift_device import Device

from tinyflow import drift
from tinyflow.artifacts import TensorSpec
from tinyflow.artifacts.reference import SCORE_ONE
from tinyflow.device import messages
from tinyflow.drift import planning, twin

INT8 = TensorSpec("x", (1, 7, 5, 3), 0.5, -3)
SCORES = TensorSpec("y", (1, 20), 1 / 256, -128)
CASES = {
    "three channels": (INT8, SCORES),
    "channels in groups": (TensorSpec("x", (1, 11, 7), 0.25, 4), SCORES),
    "many values": (TensorSpec("x", (1, 40, 40, 3), 1.0, 0), SCORES),
    "int16": (TensorSpec("x", (1, 9, 4), 2.0**-15, 0, "int16"), replace(SCORES, dtype="int16")),
    "float": (
        TensorSpec("x", (1, 8), 0.0, 0, "float32"),
        TensorSpec("y", (1, 3), 0.0, 0, "float32"),
    ),
    "one output": (TensorSpec("x", (1, 300), 1.0, 0), TensorSpec("y", (1, 1), 1 / 256, -128)),
    "no classes": (TensorSpec("x", (1, 16), 1.0, 0), TensorSpec("y", (1, 640), 0.1, 0)),
}


def drawn(spec: TensorSpec, count: int, chance: np.random.Generator) -> Any:
    """Values that are not alike in all places, so that a sketch of other places is another."""
    slope = np.linspace(-1, 1, spec.elements)
    real = slope + chance.normal(0, 0.4, (count, spec.elements))
    if spec.dtype == "float32":
        return real.astype(np.float32).view(np.int8)
    ends = np.iinfo(spec.dtype)
    return np.clip(real * ends.max, ends.min, ends.max).astype(spec.dtype).view(np.int8)


@pytest.mark.parametrize("case", CASES)
def test_the_device_and_its_twin_agree(case: str, tmp_path: Path) -> None:
    given, wanted = CASES[case]
    chance = np.random.default_rng(7)
    train = [drawn(spec, 90, chance) for spec in (given, wanted)]
    reference = drift.reference([given], [wanted], *train, window=5, false_alarm_rate=0.05)
    device = Device(tmp_path, reference, [given], [wanted], ["-O1", "-fsanitize=undefined"])
    inputs, outputs = (drawn(spec, 83, chance) for spec in (given, wanted))
    inputs[40:] = inputs[40:] // 2  # a shift, so that there are alarms

    found = device.run(inputs, outputs)
    stream = twin.Stream(reference, 1)
    seen = reference.sketches > 0
    counts = twin.input_counts(reference, twin.levels(reference, given, inputs)) if seen else None
    classes = twin.output_counts(reference, wanted, outputs)
    expected = []
    for i in range(len(inputs)):
        ended = stream.step(0 if counts is None else counts[stream.phase][i], classes[i])
        if ended is not None:
            expected.append([int(part[0]) for part in ended])
    assert found.tolist() == expected and len(expected) == 16
    told = device.telemetry.drift
    assert (told.windows, told.alarms) == (16, int(stream.alarms[0]))
    assert [list(s.bins) for s in told.sketches[: reference.sketches]] == stream.inputs[0].tolist()
    assert [*told.classes, *told.confidence] == stream.outputs[0].tolist()
    assert bool(reference.input_limit) == seen
    assert bool(reference.output_limit) == planning.counts_classes(wanted)


def test_scores_agree_at_the_ends_and_near_the_real_index(tmp_path: Path) -> None:
    reference = drift.plan([INT8], [SCORES], 64)
    device = Device(tmp_path, reference, [INT8], [SCORES])
    chance = np.random.default_rng(3)
    for size in (1, 2, 8, 17):
        for top in (1, 10, 1000, 65534):
            counts = chance.integers(0, top + 1, (50, size))
            counts[0], counts[1] = 0, top
            shares = np.maximum(chance.dirichlet(np.ones(size), 50) * 32768, 1).astype(np.int64)
            shares[2], shares[3, 0] = 0, 0  # nothing to compare with; a bin that is not there
            found = twin.score(counts, np.minimum(shares, 32767))
            assert [device.score(*pair) for pair in zip(counts, shares, strict=True)] == list(found)
            if size > 1:
                a = (2 * counts + 1) / (2 * counts + 1).sum(axis=1, keepdims=True)
                real = ((a - shares / 32768) * np.log(a / np.maximum(shares / 32768, 1e-9))).sum(1)
                whole = (shares > 0).all(axis=1) & (real < 3.9)
                assert np.abs(found[whole] / SCORE_ONE - real[whole]).max() < 0.004
    values = np.array([1, 2, 3, 255, 65535, 65536, (1 << 32) - 1])
    logs = twin.log2(values) / 1024
    assert all(0 <= math.log2(v) - n < 0.002 for v, n in zip(values, logs, strict=True))


def test_sketches_tell_what_came_in_lately(tmp_path: Path) -> None:
    spec = TensorSpec("x", (1, 6, 2), 0.5, 10)
    reference = drift.plan([spec], [SCORES], 4)
    device = Device(tmp_path, reference, [spec], [SCORES])
    chance = np.random.default_rng(1)
    inputs = chance.integers(-40, 40, (10, 12)).astype(np.int8)
    device.run(inputs, np.zeros((10, 20), np.int8))
    for channel in range(2):
        sketch = device.telemetry.drift.sketches[channel]
        levels = inputs[:, channel::2].astype(np.int64) + 128
        one, two, rest = levels[:4], levels[4:8], levels[8:]
        sums = ((one.sum() // 2) + two.sum()) // 2 + rest.sum()
        squares = (((one**2).sum() // 2) + (two**2).sum()) // 2 + (rest**2).sum()
        assert (sketch.sum, sketch.squares, sketch.count) == (sums, squares, (12 + 24) // 2 + 12)
        assert list(sketch.under) == [255 - two.min(), 255 - rest.min()]
        assert list(sketch.most) == [two.max(), rest.max()]
    # Eight equal bins without training data: these values are in the middle ones.
    assert [bool(n) for n in device.telemetry.drift.sketches[0].bins] == [0, 0, 1, 1, 1, 1, 0, 0]


def test_plans_bound_what_an_inference_costs() -> None:
    for shape in (
        (1, 96, 96, 3),
        (1, 49, 10, 1),
        (1, 640),
        (1, 128, 9),
        (1, 1, 1, 64),
        (1, 5000, 64),
    ):
        spec = TensorSpec("x", shape, 1.0, 0)
        for window in (1, 64, planning.WINDOW_MAX):
            made = drift.plan([spec], [SCORES], window)
            positions = -(-spec.elements // made.channels // made.stride)
            assert positions * made.channels <= planning.VALUES_MAX
            assert positions * made.group * window <= planning.COUNTS_MAX
            assert 1 <= made.sketches <= planning.SKETCHES
            assert made.sketches * made.group >= made.channels
    limits = messages.definitions().limits
    named = {
        name: getattr(planning, name) for name in ("SKETCHES", "SKETCH_BINS", "CONFIDENCE_BINS")
    }
    assert {name: limits[name] for name in named} == named and limits["CLASSES"] == planning.CLASSES


def test_values_that_repeat_have_a_bin_to_themselves() -> None:
    spec = TensorSpec("x", (1, 10), 1.0, 0)
    rows = np.tile(np.array([-128] * 6 + [0, 50, 100, 127], np.int8), (80, 1))
    made = drift.reference(
        [spec], [SCORES], rows, np.zeros((0, 20), np.int8), window=8, false_alarm_rate=0.01
    )
    assert made.edges[0] == (-128, 0, 50, 100, 127, 127, 127)
    assert [round(share / 32768, 2) for share in made.shares[0]] == [
        0.6,
        0.1,
        0.1,
        0.1,
        0.1,
        0,
        0,
        0,
    ]
    assert made.output_limit == 0 and not any(made.class_shares)
