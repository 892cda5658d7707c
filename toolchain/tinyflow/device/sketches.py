"""What a telemetry message says of inputs and of drift."""

from __future__ import annotations

import struct

from tinyflow.artifacts import DriftState, InputSketch
from tinyflow.artifacts.reference import SCORE_ONE
from tinyflow.device import messages
from tinyflow.device.messages import Message

_SKETCH = "<IIH{bins}H2B2B2x"  # the members of a sketch, as in tnf_drift.h


def inputs_from(message: Message) -> tuple[InputSketch, ...]:
    """The sketches of the input's channels; none where the firmware tells none that can be read."""
    if (
        not {"SKETCH_STATES", "SKETCH_EDGES", "SKETCH_SCALE", "SKETCH_ZERO"}
        <= message.values.keys()
    ):
        return ()
    limits = messages.definitions().limits
    bins = limits["SKETCH_BINS"]
    layout = struct.Struct(_SKETCH.format(bins=bins))
    states, edges = message.data("SKETCH_STATES"), message.data("SKETCH_EDGES")
    count = len(states) // layout.size
    if len(states) != count * layout.size or len(edges) != count * (bins - 1):
        return ()
    scale, zero = message.real("SKETCH_SCALE"), message.real("SKETCH_ZERO")
    return tuple(
        _sketch(layout.unpack_from(states, i * layout.size), edges[i * (bins - 1) :], scale, zero)
        for i in range(min(count, limits["SKETCHES"]))
    )


def _sketch(state: tuple[int, ...], edges: bytes, scale: float, zero: float) -> InputSketch:
    total, squares, count, *rest = state
    histogram, ends = rest[:-4], rest[-4:]
    mean = total / count if count else 0.0
    variance = max(squares / count - mean * mean, 0.0) if count else 0.0
    levels = [((edge + 128) & 0xFF) for edge in edges[: len(histogram) - 1]]  # int8 + 128

    def real(value: float) -> float:
        return (value - zero) * scale if count else 0.0

    return InputSketch(
        count=count,
        mean=real(mean),
        variance=variance * scale * scale,
        minimum=real(0xFF - max(ends[:2])),
        maximum=real(max(ends[2:])),
        histogram=tuple(histogram),
        edges=tuple((level - zero) * scale for level in levels),
    )


def drift_from(message: Message) -> DriftState | None:
    """The last scores with their limits; None where there is nothing to compare with."""
    names = ("WINDOW", "WINDOWS", "ALARMS", "INPUT", "INPUT_LIMIT", "OUTPUT", "OUTPUT_LIMIT")
    if not {f"DRIFT_{name}" for name in names} <= message.values.keys():
        return None
    window, windows, alarms, *scores = (message.integer(f"DRIFT_{name}") for name in names)
    if not (scores[1] or scores[3]):
        return None
    return DriftState(window, windows, alarms, *(score / SCORE_ONE for score in scores))
