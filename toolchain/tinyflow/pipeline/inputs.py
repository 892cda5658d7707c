"""Seeded int8 inputs for measuring and proving: extremes, real samples, random bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinyflow import npz
from tinyflow.artifacts import Dataset, TensorSpec
from tinyflow.errors import ProjectError

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes


def real_inputs(spec: TensorSpec, dataset: Dataset | None) -> Bytes | None:
    """The test split as the model's input bytes, or None where there is none that fits."""
    if dataset is None:
        return None
    features, _ = dataset.read("test")
    if features[0].size != spec.size_bytes:
        return None
    return spec.quantize(features).reshape(len(features), -1)


def inputs_from_file(spec: TensorSpec, file: Path) -> Bytes:
    """The array `x` of an .npz as the model's input bytes, int8 [N, input_bytes].

    Floats are real values and are quantised, int8 is taken as it is. Raises ProjectError for
    anything else.
    """
    try:
        with npz.opened(file) as arrays:
            values = arrays["x"]
    except OSError as error:
        raise ProjectError(f"{file} cannot be read: {error.strerror or error}") from None
    except (KeyError, *npz.DAMAGE) as error:
        raise ProjectError(f"{file} has no array x that can be read: {error}") from None
    rows = len(values) if values.ndim else 0
    per_row = values.size // rows if rows else 0
    if not rows or per_row != spec.size_bytes:
        raise ProjectError(
            f"{file}: x has shape {values.shape}, the model takes [N, {spec.size_bytes}] values",
            [f"its input is {spec.name} {list(spec.shape)}"],
        )
    flat = values.reshape(rows, -1)
    if flat.dtype == np.int8:
        taken: Bytes = flat
        return taken
    if flat.dtype.kind != "f" or not np.isfinite(flat).all():
        raise ProjectError(
            f"{file}: x is {flat.dtype}, or not finite",
            ["float is quantised as the model's input, int8 is taken as it is"],
        )
    return spec.quantize(flat.astype(np.float32))


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
