"""Seeded int8 inputs for measuring and proving: extremes, real samples, random bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinyflow.artifacts import Dataset, TensorSpec

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes


def real_inputs(spec: TensorSpec, dataset: Dataset | None) -> Bytes | None:
    """The test split as the model's input bytes, or None where there is none that fits."""
    if dataset is None:
        return None
    with np.load(dataset.path, allow_pickle=False) as arrays:
        features = arrays["test_x"]
    if features[0].size != spec.size_bytes:
        return None
    return spec.quantize(features).reshape(len(features), -1)


def seeded_inputs(spec: TensorSpec, count: int, seed: int, real: Bytes | None = None) -> Bytes:
    """`count` inputs, int8 [count, input_bytes], the same for the same seed.

    First the extremes (all -128, all 127, all zero point, a checkerboard of both ends), then in
    turn real samples where given, uniform random bytes, and random extremes.
    """
    chance = np.random.default_rng(seed)
    size = spec.size_bytes
    board = np.where(np.arange(size) % 2, -128, 127)
    rows = [np.full(size, -128), np.full(size, 127), np.full(size, spec.zero_point), board]
    while len(rows) < count:
        if real is not None and len(real):
            rows.append(real[chance.integers(len(real))])
        rows.append(chance.integers(-128, 128, size))
        rows.append(np.where(chance.random(size) < 0.5, -128, 127))
    return np.stack(rows[:count]).astype(np.int8)
