"""What a device compares its inferences with."""

from __future__ import annotations

from dataclasses import dataclass

SCORE_ONE = 16384
"""A drift score of 1, as in tnf_drift.h."""


@dataclass(frozen=True)
class TrainingReference:
    """How a firmware sketches its input, and what inputs and outputs were in training.

    Field by field a `tnf_reference_t`, and the context of templates/firmware/reference.c.j2. Limits
    are population stability indices in 1/16384; a share is in 1/32768, and all of them are 0 where
    there is nothing to compare with. `inferences` of the training data made the reference of the
    input, `judged` that of the outputs; `false_alarm_rate` is what the limits were set for.
    """

    window: int
    sketches: int
    input: int
    value_bytes: int
    channels: int
    group: int
    stride: int
    scale: float
    zero: float
    confidence_edges: tuple[int, ...]
    edges: tuple[tuple[int, ...], ...]
    shares: tuple[tuple[int, ...], ...]
    class_shares: tuple[int, ...]
    confidence_shares: tuple[int, ...]
    input_limit: int = 0
    output_limit: int = 0
    inferences: int = 0
    judged: int = 0
    false_alarm_rate: float = 0.0

    @property
    def compares(self) -> bool:
        """Whether there is anything to compare with."""
        return bool(self.input_limit or self.output_limit)
