"""The arithmetic of firmware/runtime/tnf_drift.c, bit by bit, for many devices at a time.

A `Stream` is the state of as many devices as there are rows; a test holds it equal to the C.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow.artifacts import TensorSpec, TrainingReference
from tinyflow.drift.planning import (
    CLASSES,
    CONFIDENCE_BINS,
    SKETCH_BINS,
    counts_classes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tinyflow.artifacts import Bytes

    Integers = NDArray[np.int64]

SCORE_MAX = 0xFFFF
SHARE_ONE = 1 << 15
LN_2 = 2839
EARLY_WINDOWS = 2


def log2(values: Integers) -> Integers:
    """Base-2 logarithms in 1/1024, rounded down, of integers from 1 to 2^32 - 1."""
    value = values.astype(np.int64)
    whole = np.full(value.shape, 15, np.int64)
    for _ in range(16):
        over = value >= 1 << 16
        value, whole = np.where(over, value >> 1, value), whole + over
        under = value < 1 << 15
        value, whole = np.where(under, value << 1, value), whole - under
    for _ in range(10):
        value = value * value
        bit = value >> 31
        value = value >> (15 + bit)
        whole = 2 * whole + bit
    return whole


def score(counts: Integers, shares: Integers) -> Integers:
    """Population stability indices in 1/16384 along the last axis, 4 at most."""
    used = shares > 0
    doubled = 2 * counts + 1
    total = np.where(used, doubled, 0).sum(axis=-1, keepdims=True)
    total = np.maximum(total, 1)  # nothing is used then
    difference = (doubled << 15) // total - shares
    ratio = log2(doubled) - log2(np.maximum(shares, 1)) - (log2(total) - 15 * 1024)
    found = np.where(used, difference * ratio, 0).sum(axis=-1)
    limited: Integers = np.minimum(((np.maximum(found, 0) >> 11) * LN_2) >> 12, SCORE_MAX)
    return limited


def levels(reference: TrainingReference, spec: TensorSpec, inputs: Bytes) -> Any:
    """The bytes that are sketched, int8 [N, positions, channels], of inputs int8 [N, bytes]."""
    high = np.ascontiguousarray(inputs)[:, reference.value_bytes - 1 :: reference.value_bytes]
    positions = spec.elements // reference.channels
    return high.reshape(len(inputs), positions, reference.channels)


def input_counts(reference: TrainingReference, values: Any) -> NDArray[np.uint16]:
    """What each input adds to the bins, [stride, N, sketches, bins], for each phase of the stride.

    `values` are `levels`. Nothing, of no sketches, where nothing is sketched.
    """
    counts = np.zeros(
        (reference.stride, len(values), reference.sketches, SKETCH_BINS), dtype=np.uint16
    )
    for sketch in range(reference.sketches):
        first = sketch * reference.group
        edges = np.array(reference.edges[sketch], np.int64)
        table = np.searchsorted(edges, np.arange(-128, 128), side="left").astype(np.uint8)
        bins = table[values[:, :, first : first + reference.group].astype(np.int16) + 128]
        for phase in range(reference.stride):
            seen = bins[:, phase :: reference.stride].reshape(len(values), -1)
            for index in range(SKETCH_BINS):
                counts[phase, :, sketch, index] = (seen == index).sum(axis=1)
    return counts


def output_counts(
    reference: TrainingReference, spec: TensorSpec, outputs: Bytes
) -> NDArray[np.uint16]:
    """What each output adds to classes and confidences, [N, CLASSES + 1 + CONFIDENCE_BINS]."""
    counts = np.zeros((len(outputs), CLASSES + 1 + CONFIDENCE_BINS), np.uint16)
    if not counts_classes(spec):
        return counts
    values = np.ascontiguousarray(outputs)[:, : spec.size_bytes].view(spec.dtype)
    order = values.astype(np.int64)
    if spec.dtype == "float32":
        bits = values.view(np.int32).astype(np.int64)
        order = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits)
    best = order.argmax(axis=1)
    rows = np.arange(len(order))
    edges = np.array(reference.confidence_edges, np.int64)
    counts[rows, np.minimum(best, CLASSES)] = 1
    counts[rows, CLASSES + 1 + np.searchsorted(edges, order[rows, best], side="right")] = 1
    return counts


class Stream:
    """Devices that see inference after inference; each row of what `step` is given is one's.

    The shares may differ from row to row: then the reference's own are not looked at.
    """

    def __init__(self, reference: TrainingReference, rows: int) -> None:
        self.reference = reference
        self.windows = 0
        self.position = 0
        self.phase = 0
        self.inputs = np.zeros((rows, reference.sketches, SKETCH_BINS), np.int64)
        self.outputs = np.zeros((rows, CLASSES + 1 + CONFIDENCE_BINS), np.int64)
        self.input_shares: Any = np.array(reference.shares, np.int64)[: reference.sketches]
        self.output_shares: Any = np.array(
            (*reference.class_shares, *reference.confidence_shares), np.int64
        )
        self.alarms = np.zeros(rows, np.int64)

    def step(self, inputs: Any, outputs: Any) -> tuple[Integers, Integers] | None:
        """Takes note of one inference of each; both scores [rows] where it ended a window."""
        self.inputs += inputs
        self.outputs += outputs
        self.phase = (self.phase + 1) % self.reference.stride
        self.position += 1
        if self.position < self.reference.window:
            return None
        self.position = 0
        found = self._scores()
        self._count_alarms(*found)
        up = self.windows & 1
        self.inputs = (self.inputs + up) >> 1
        self.outputs = (self.outputs + up) >> 1
        self.windows += 1
        return found

    def _scores(self) -> tuple[Integers, Integers]:
        each = score(self.inputs, self.input_shares)
        split = CLASSES + 1
        output = score(self.outputs[:, :split], self.output_shares[..., :split])
        output = output + score(self.outputs[:, split:], self.output_shares[..., split:])
        return each.max(axis=1, initial=0), np.minimum(output, SCORE_MAX)

    def _count_alarms(self, input_scores: Integers, output_scores: Integers) -> None:
        early = max(EARLY_WINDOWS - self.windows, 0)
        over = np.zeros(len(input_scores), bool)
        for scores, limit in (
            (input_scores, self.reference.input_limit),
            (output_scores, self.reference.output_limit),
        ):
            over |= bool(limit) & (scores > limit << early)
        self.alarms += over
