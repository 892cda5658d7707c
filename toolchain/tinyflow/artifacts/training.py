"""A data set and the float models made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinyflow.artifacts.arrays import Floats, Labels


@dataclass(frozen=True)
class Split:
    """One part of a data set: how many samples, and the hash of their features and labels."""

    name: str
    samples: int
    sha256: str


@dataclass(frozen=True)
class Dataset:
    """A data set on disk, as one .npz.

    It has `<split>_x` float32 [N, *input_shape] and `<split>_y` int64 [N] for each split.
    `splits` are train, validation and test, in that order, stratified by label.
    """

    name: str
    path: Path
    sha256: str
    input_shape: tuple[int, ...]
    labels: tuple[str, ...]
    splits: tuple[Split, ...]

    def read(self, split: str) -> tuple[Floats, Labels]:
        """Features float32 [N, *input_shape] and classes int64 [N] of a split."""
        import numpy as np

        with np.load(self.path, allow_pickle=False) as file:
            return file[f"{split}_x"], file[f"{split}_y"]


@dataclass(frozen=True)
class KerasModel:
    """A float model on disk (.keras), trained or pruned.

    `sha256` is of its architecture and weights (a .keras file has its date in it), and
    `zero_fraction` of the weights in kernels. `history` has one figure an epoch; `notes` say how
    it came about: the software and cores it was trained with, what pruning changed or left alone.
    """

    path: Path
    sha256: str
    parameters: int
    zero_fraction: float
    validation_accuracy: float
    history: Mapping[str, list[float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TfliteModel:
    """A .tflite on disk, the input of the compiler."""

    path: Path
    sha256: str
