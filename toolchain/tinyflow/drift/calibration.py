"""What a model's training data were, and from which score on it is drift.

The values of one input are not independent of one another, so no textbook threshold of the index
holds. The limits come from a bootstrap instead (Efron 1979): devices are simulated that see whole
training inferences, drawn at random, through the device's own arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow.artifacts import TensorSpec, TrainingReference
from tinyflow.drift import twin
from tinyflow.drift.planning import CLASSES, SKETCH_BINS, SKETCHES, counts_classes, plan

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes

STREAMS = 1000
SETTLING_WINDOWS = 3  # until the halved counts of windows before weigh what they always do
ALARMS_WANTED = 20  # false ones in the simulation: the limit is known to about a quarter
SCORES_MAX = 200_000
DRAWN_VALUES_MAX = 1 << 24  # of inputs that the reference is made of
DRAWN_MAX = 4096  # inferences that it is made of
TOP_EDGE = 127


def sampled(values: int, count: int, seed: int) -> Any:
    """Which of `count` inferences of `values` each make the reference: all, or some, ascending."""
    most = max(64, min(DRAWN_MAX, DRAWN_VALUES_MAX // max(values, 1)))
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def reference(
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    seen: Bytes,
    judged: Bytes,
    *,
    window: int,
    false_alarm_rate: float,
    classes: bool = True,
    repeats: int = 1,
    seed: int = 1,
) -> TrainingReference:
    """The reference of a model: `seen` are inputs int8 [N, input_bytes] as in training, `judged`
    outputs int8 [M, output_bytes] as when it was judged; either may be empty.

    `false_alarm_rate` is the chance of an alarm in a window without drift, 1e-4 to 0.5, where
    `repeats` inferences in a row see the same. Without `classes` their mix is not compared.
    The same arguments give the same reference.
    """
    planned = plan(inputs, outputs, window)
    values = _values(planned, inputs, seen)
    planned = replace(planned, edges=_edges(planned, values))
    input_counts = twin.input_counts(planned, values)
    usable = counts_classes(outputs[0])
    output_counts = twin.output_counts(planned, outputs[0], judged if usable else judged[:0])
    known = planned.sketches > 0 and len(values) > 0, len(output_counts) > 0
    masks = _masks(planned, outputs[0], classes)
    planned = _with_shares(planned, input_counts, output_counts, masks)
    if not any(known):
        return planned
    scores = _simulated(
        planned, input_counts, output_counts, false_alarm_rate, masks, repeats, seed
    )
    rate = false_alarm_rate / sum(known)
    limits = [
        _limit(found, rate) if there else 0 for found, there in zip(scores, known, strict=True)
    ]
    return replace(
        planned,
        input_limit=limits[0],
        output_limit=limits[1],
        inferences=len(values),
        judged=len(output_counts),
        false_alarm_rate=false_alarm_rate,
    )


def _values(planned: TrainingReference, inputs: Sequence[TensorSpec], seen: Bytes) -> Any:
    if not planned.sketches:
        return np.zeros((0, 1, 1), np.int8)
    start = sum(spec.size_bytes for spec in inputs[: planned.input])
    spec = inputs[planned.input]
    return twin.levels(planned, spec, seen[:, start : start + spec.size_bytes])


def _edges(planned: TrainingReference, values: Any) -> tuple[tuple[int, ...], ...]:
    """For each sketch the highest byte of all bins but the last, so that all are as full.

    A byte that is more often than that has a bin to itself, and the others share the rest.
    """
    edges = list(planned.edges)
    for sketch in range(planned.sketches if len(values) else 0):
        first = sketch * planned.group
        part = values[:, :, first : first + planned.group].astype(np.int16) + 128
        counts = np.bincount(part.reshape(-1), minlength=256)
        found: list[int] = []
        left, held = int(counts.sum()), 0
        for level in range(255):
            held += int(counts[level])
            bins_left = SKETCH_BINS - len(found)
            rest = left - held
            # Closed where it is full, or where the next level would carry it further over.
            if held and rest and 2 * held + int(counts[level + 1]) > 2 * left / bins_left:
                found.append(level - 128)
                left, held = rest, 0
            if len(found) == SKETCH_BINS - 1:
                break
        edges[sketch] = tuple(found + [TOP_EDGE] * (SKETCH_BINS - 1 - len(found)))
    return tuple(edges)


def _masks(planned: TrainingReference, output: TensorSpec, classes: bool) -> tuple[Any, Any]:
    """Which bins there are: of the input [sketches, bins], of the outputs."""
    input_mask = np.zeros((planned.sketches, SKETCH_BINS), bool)
    for sketch in range(planned.sketches):
        used = sum(edge < TOP_EDGE for edge in planned.edges[sketch]) + 1
        input_mask[sketch, :used] = True
    width = CLASSES + 1 + len(planned.confidence_shares)
    output_mask = np.zeros(width, bool)
    if classes and output.elements > 1:
        output_mask[: min(output.elements, CLASSES + 1)] = True
    output_mask[CLASSES + 1 :] = True
    return input_mask, output_mask


def _shares(counts: Any, mask: Any) -> Any:
    """Counts along the last axis as shares, half a count added to each bin that there is."""
    doubled = np.where(mask, 2 * counts.astype(np.int64) + 1, 0)
    total = np.maximum(doubled.sum(axis=-1, keepdims=True), 1)
    rounded = (doubled * twin.SHARE_ONE * 2 // total + 1) // 2
    return np.where(mask, np.clip(rounded, 1, twin.SHARE_ONE - 1), 0)


def _output_shares(counts: Any, mask: Any) -> Any:
    split = CLASSES + 1
    parts = (slice(None, split), slice(split, None))
    return np.concatenate([_shares(counts[..., p], mask[p]) for p in parts], axis=-1)


def _with_shares(
    planned: TrainingReference, input_counts: Any, output_counts: Any, masks: tuple[Any, Any]
) -> TrainingReference:
    shares = list(planned.shares)
    if input_counts.shape[1]:
        found = _shares(input_counts.sum(axis=(0, 1), dtype=np.int64), masks[0])
        shares[: planned.sketches] = [tuple(int(n) for n in row) for row in found]
    if not len(output_counts):
        return replace(planned, shares=tuple(shares))
    both = _output_shares(output_counts.sum(axis=0, dtype=np.int64), masks[1])
    return replace(
        planned,
        shares=tuple(shares[:SKETCHES]),
        class_shares=tuple(int(n) for n in both[: CLASSES + 1]),
        confidence_shares=tuple(int(n) for n in both[CLASSES + 1 :]),
    )


def _simulated(
    planned: TrainingReference,
    input_counts: Any,
    output_counts: Any,
    rate: float,
    masks: tuple[Any, Any],
    repeats: int,
    seed: int,
) -> tuple[Any, Any]:
    """The scores of devices without drift.

    Training data are a sample themselves: each device has a reference of its own, made of as many
    inferences drawn from them, for else a short one would seem to be known exactly.
    """
    chance = np.random.default_rng(seed)
    stream = twin.Stream(planned, STREAMS)
    seen, judged = input_counts.shape[1], len(output_counts)
    if seen:
        drawn = _redrawn(chance, input_counts.sum(axis=0, dtype=np.int64))
        stream.input_shares = _shares(drawn, masks[0])
    if judged:
        stream.output_shares = _output_shares(_redrawn(chance, output_counts), masks[1])
    windows = -(-min(int(ALARMS_WANTED / rate), SCORES_MAX) // STREAMS) + SETTLING_WINDOWS
    scores = []
    at, answered = (_drawn_in_runs(chance, size, repeats) for size in (seen, judged))
    for _ in range(windows * planned.window):
        inputs = input_counts[stream.phase][next(at)] if seen else 0
        outputs = output_counts[next(answered)] if judged else 0
        found = stream.step(inputs, outputs)
        if found is not None and stream.windows > SETTLING_WINDOWS:
            scores.append(found)
    return tuple(np.concatenate(part) for part in zip(*scores, strict=True))  # type: ignore[return-value]


def _drawn_in_runs(chance: np.random.Generator, size: int, repeats: int) -> Iterator[Any]:
    """Which of `size` inferences each device sees, each `repeats` times; they change by turns."""
    left = chance.integers(repeats, size=STREAMS)
    chosen = chance.integers(size, size=STREAMS)
    while True:
        yield chosen
        chosen = np.where(left > 0, chosen, chance.integers(size, size=STREAMS))
        left = np.where(left > 0, left - 1, repeats - 1)


def _redrawn(chance: np.random.Generator, counts: Any) -> Any:
    """Sums of `counts` over as many inferences as there are, drawn again for each stream."""
    size = len(counts)
    flat = counts.reshape(size, -1).astype(np.float64)  # whole numbers below 2^53: sums are exact
    weights = chance.multinomial(size, np.full(size, 1 / size), size=STREAMS)
    drawn = (weights.astype(np.float64) @ flat).astype(np.int64)
    return drawn.reshape(STREAMS, *counts.shape[1:])


def _limit(scores: Any, rate: float) -> int:
    """The lowest score that at most a share `rate` of `scores` exceeds, at least 1."""
    falling = np.sort(scores)[::-1]
    return max(1, int(falling[min(int(rate * len(falling)), len(falling) - 1)]))
