"""Unstructured pruning: the smallest weights become zero, more of them step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyflow.errors import ModelError

RAMP_SHARE = 0.6
UPDATES_PER_EPOCH = 4


@dataclass(frozen=True)
class Schedule:
    """The share of zeros over a fine-tuning: `amount * (1 - (1 - t)^3)`, then constant.

    t goes from 0 to 1 over the first 60 % of the batches: much is pruned while there is much to
    choose from, and the rest of the time is for recovery.
    """

    amount: float
    epochs: int
    samples: int
    batch_size: int

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(self.samples / self.batch_size)

    @property
    def ramp_steps(self) -> int:
        """The batches until the final share is reached, at least one."""
        return max(1, math.floor(RAMP_SHARE * self.epochs * self.steps_per_epoch))

    @property
    def first_full_epoch(self) -> int:
        """The first epoch at whose end all zeros are there."""
        return math.ceil(self.ramp_steps / self.steps_per_epoch) - 1

    def share(self, step: int) -> float:
        """The share of zeros after `step` batches."""
        rest = 1.0 - min(1.0, step / self.ramp_steps)
        return self.amount * (1.0 - rest**3)

    def updates(self, step: int) -> bool:
        """Whether the weights to be zero are chosen anew after `step` batches."""
        every = max(1, self.steps_per_epoch // UPDATES_PER_EPOCH)
        return step == self.ramp_steps or (step < self.ramp_steps and step % every == 0)

    def notes(self) -> list[str]:
        return [f"magnitude: {self.amount:.0%} of each kernel, in {self.ramp_steps} batches"]


def mask(values: Any, share: float) -> Any:
    """True for the weights that stay: all but the `share` of smallest magnitude."""
    count = math.floor(values.size * share + 0.5)
    order = np.argsort(np.abs(values), axis=None, kind="stable")
    keep = np.ones(values.size, dtype=bool)
    keep[order[:count]] = False
    return keep.reshape(values.shape)


def callback(kernels: Sequence[Any], schedule: Schedule) -> Any:
    """A Keras callback that keeps the zeros of `kernels` zero through training.

    Raises ModelError when there is no kernel.
    """
    import keras

    if not kernels:
        raise ModelError("the model has no kernel whose weights can be pruned")

    class Pruner(keras.callbacks.Callback):  # type: ignore[misc]
        """Chooses the zeros as `schedule` says and sets them again after every batch."""

        def __init__(self) -> None:
            super().__init__()
            self.step = 0
            self.masks: list[Any] = [np.float32(1.0)] * len(kernels)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.step += 1
            if schedule.updates(self.step):
                share = schedule.share(self.step)
                self.masks = [mask(k.numpy(), share).astype(np.float32) for k in kernels]
            for kernel, kept in zip(kernels, self.masks, strict=True):
                kernel.assign(kernel * kept)

    return Pruner()
