"""Seeded inputs for measuring and proving: extremes, real samples, random values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow import npz
from tinyflow.artifacts import Dataset, TensorSpec
from tinyflow.errors import ProjectError

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes


def real_inputs(
    specs: Sequence[TensorSpec], dataset: Dataset | None, split: str = "test"
) -> Bytes | None:
    """A split as the model's input bytes, or None where there is none that fits."""
    if dataset is None or len(specs) != 1:
        return None
    (spec,) = specs
    features, _ = dataset.read(split)
    if features[0].size != spec.elements:
        return None
    return spec.encode(features)


def inputs_from_file(specs: Sequence[TensorSpec], file: Path) -> Bytes:
    """The array `x` of an .npz as the model's input bytes, int8 [N, input_bytes].

    Floats are real values and are quantised where the input is; what has the input's own type is
    taken as it is. Raises ProjectError for anything else.
    """
    try:
        with npz.opened(file) as arrays:
            values = arrays["x"]
    except OSError as error:
        raise ProjectError(f"{file} cannot be read: {error.strerror or error}") from None
    except (KeyError, *npz.DAMAGE) as error:
        raise ProjectError(f"{file} has no array x that can be read: {error}") from None
    if len(specs) != 1:
        raise ProjectError(
            f"{file} holds samples of one input, the model has {len(specs)}",
            [", ".join(f"{spec.name} {list(spec.shape)}" for spec in specs)],
        )
    (spec,) = specs
    rows = len(values) if values.ndim else 0
    per_row = values.size // rows if rows else 0
    if not rows or per_row != spec.elements:
        raise ProjectError(
            f"{file}: x has shape {values.shape}, the model takes [N, {spec.elements}] values",
            [f"its input is {spec.name} {list(spec.shape)}"],
        )
    flat = values.reshape(rows, -1)
    if flat.dtype == spec.dtype and spec.is_quantized:
        taken: Bytes = np.ascontiguousarray(flat).view(np.int8)
        return taken
    if flat.dtype.kind != "f" or not np.isfinite(flat).all():
        raise ProjectError(
            f"{file}: x is {flat.dtype}, or not finite",
            [f"float is real values, {spec.dtype} is taken as it is"],
        )
    return spec.encode(flat.astype(np.float32))


def seeded_inputs(
    specs: Sequence[TensorSpec], count: int, seed: int, real: Bytes | None = None
) -> Bytes:
    """`count` inputs, int8 [count, bytes of all], the same for the same seed.

    First the extremes (all lowest, all highest, all zero, a checkerboard of both ends), then in
    turn real samples where given, uniform random values, and random extremes. Floats are drawn
    around 0, some of them large.
    """
    chance = np.random.default_rng(seed)
    rows = [np.concatenate([_extreme(spec, kind) for spec in specs]) for kind in range(4)]
    while len(rows) < count:
        if real is not None and len(real):
            rows.append(real[chance.integers(len(real))])
        rows.append(np.concatenate([_uniform(spec, chance) for spec in specs]))
        rows.append(np.concatenate([_ends(spec, chance) for spec in specs]))
    return np.stack(rows[:count])


FLOAT_ENDS = (-100.0, 100.0)


def _limits(spec: TensorSpec) -> tuple[float, float]:
    if spec.dtype == "float32":
        return FLOAT_ENDS
    if spec.dtype == "bool":
        return 0, 1
    limits = np.iinfo(spec.dtype)
    return limits.min, limits.max


def _extreme(spec: TensorSpec, kind: int) -> Bytes:
    low, high = _limits(spec)
    board = np.where(np.arange(spec.elements) % 2, low, high)
    return _bytes(spec, (low, high, spec.zero_point, board)[kind])


def _uniform(spec: TensorSpec, chance: np.random.Generator) -> Bytes:
    if spec.dtype == "float32":
        return _bytes(spec, chance.normal(0, 2, spec.elements))
    low, high = _limits(spec)
    return _bytes(spec, chance.integers(int(low), int(high), spec.elements, endpoint=True))


def _ends(spec: TensorSpec, chance: np.random.Generator) -> Bytes:
    low, high = _limits(spec)
    return _bytes(spec, np.where(chance.random(spec.elements) < 0.5, low, high))


def _bytes(spec: TensorSpec, values: Any) -> Bytes:
    whole = np.broadcast_to(np.asarray(values), (spec.elements,))
    return np.ascontiguousarray(whole.astype(spec.dtype)).view(np.int8)
