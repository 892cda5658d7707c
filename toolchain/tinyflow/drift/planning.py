"""What of an input a device looks at, and in which bins its outputs are counted."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tinyflow.artifacts import TensorSpec, TrainingReference

# As in tnf_messages.def; a test holds them equal.
SKETCHES = 4
SKETCH_BINS = 8
CONFIDENCE_BINS = 10
CLASSES = 16

SKETCHED = ("int8", "int16")
CHANNELS_MAX = 64  # a last axis of more values is no axis of channels
VALUES_MAX = 256  # looked at in one inference: the cost does not grow with the input
COUNTS_MAX = 32767  # of a sketch in a window: twice as many fit 16 bits
CLASS_OUTPUTS_MAX = 256
WINDOW_MAX = 1024


def plan(
    inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec], window: int
) -> TrainingReference:
    """The reference of a model that is compared with nothing: sketches and confidences alone.

    The first int8 or int16 input is sketched; of the others, and of a model without one, nothing
    is. The last of three or more axes is the channels. Up to four have sketches of their own, more
    share them, neighbours together. Of an input of over 256 values as many are looked at in each
    inference, at other positions each time. `window` is in inferences, 1 to 1024.
    """
    index, spec = next(
        ((i, spec) for i, spec in enumerate(inputs) if spec.dtype in SKETCHED), (0, None)
    )
    equal = tuple(-128 + (i + 1) * 256 // SKETCH_BINS - 1 for i in range(SKETCH_BINS - 1))
    channels = _channels(spec) if spec is not None else 1
    group = -(-channels // SKETCHES)
    value_bytes = 2 if spec is not None and spec.dtype == "int16" else 1
    scale, zero = _real(spec) if spec is not None else (0.0, 0.0)
    return TrainingReference(
        window=window,
        sketches=-(-channels // group) if spec is not None else 0,
        input=index,
        value_bytes=value_bytes,
        channels=channels,
        group=group,
        stride=_stride(spec, channels, group, window) if spec is not None else 1,
        scale=scale,
        zero=zero,
        confidence_edges=_confidence_edges(outputs[0]),
        edges=(equal,) * SKETCHES,
        shares=((0,) * SKETCH_BINS,) * SKETCHES,
        class_shares=(0,) * (CLASSES + 1),
        confidence_shares=(0,) * CONFIDENCE_BINS,
    )


def counts_classes(output: TensorSpec) -> bool:
    """Whether the largest of an output's values is a class."""
    return output.elements <= CLASS_OUTPUTS_MAX


def _channels(spec: TensorSpec) -> int:
    last = spec.shape[-1] if len(spec.shape) >= 3 else 1
    return last if last <= CHANNELS_MAX else 1


def _stride(spec: TensorSpec, channels: int, group: int, window: int) -> int:
    """One position in so many is looked at; without a divisor in common with the length of a row,
    so that an inference does not look at one column alone."""
    positions = spec.elements // channels
    most = max(1, min(VALUES_MAX // channels, COUNTS_MAX // (window * group)))
    stride = -(-positions // most)
    row = spec.shape[-2] if channels > 1 else spec.shape[-1]
    while stride > 1 and row > 1 and math.gcd(stride, row) > 1:
        stride += 1
    return stride


def _real(spec: TensorSpec) -> tuple[float, float]:
    """Scale and zero, so that a byte b + 128 of the input stands for (b + 128 - zero) * scale."""
    unit = spec.scale if spec.is_quantized else 1.0
    if spec.dtype == "int16":  # of its high byte: 256 values, which stand for the middle one
        return unit * 256, (spec.zero_point - 127.5) / 256 + 128
    return unit, float(spec.zero_point + 128)


def _confidence_edges(output: TensorSpec) -> tuple[int, ...]:
    """For 1/10 to 9/10 the lowest value that is as much; of a float the number with its bits."""
    tenths = [i / CONFIDENCE_BINS for i in range(1, CONFIDENCE_BINS)]
    if output.dtype == "float32":
        return tuple(int(n) for n in np.array(tenths, np.float32).view(np.int32))
    unit = output.scale if output.is_quantized else 1.0
    # A value a hair's breadth below a tenth, by the rounding of its scale, is that tenth.
    return tuple(math.ceil(p / unit - 1e-6) + output.zero_point for p in tenths)
