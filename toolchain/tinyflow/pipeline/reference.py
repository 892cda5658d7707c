"""What a firmware's inferences are compared with, from the data that its model was trained with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinyflow import cache, config, process, progress
from tinyflow.artifacts import TrainingReference
from tinyflow.errors import ProjectError, ToolError
from tinyflow.pipeline.inputs import inputs_from_file, real_inputs

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes
    from tinyflow.pipeline import Walk

STAGE = "reference"
LEAST_INFERENCES = 10  # fewer, drawn again and again, differ too little to tell drift from chance


def training_reference(walk: Walk) -> TrainingReference:
    """The reference of the walk's model, from the project's data or the file that was named.

    The input is compared with the training split. The outputs are compared with those for the
    validation split, which the model was not fitted to: it is surer of what it has learnt by heart
    than of anything that it will see. Of a file all samples serve for both. Without data, or where
    the project wants no drift, inputs are sketched and nothing is compared.
    """
    from tinyflow import drift

    settings = walk.project.config.drift if walk.project is not None else config.DriftConfig()
    compiled = walk.compiled()
    window = settings.window or config.DriftConfig.window
    own = walk.project is not None and walk.model is None
    if not settings.window or not (own or walk.training_data):
        return drift.plan(compiled.inputs, compiled.outputs, window)
    if walk.training_data is not None and not walk.training_data.is_file():
        raise ProjectError(f"{walk.training_data} is not a file")
    source = cache.file_sha256(walk.training_data) if walk.training_data else walk.dataset().sha256
    inputs = {
        "settings": settings,
        "model": compiled.model_sha256,
        "data": source,
        "seed": walk.seed,
        "outputs": _can_judge(walk),
        "repeats": _repeats(walk, settings),
    }

    def make(folder: object) -> TrainingReference:
        data = _data(walk)
        if data is None:
            return drift.plan(compiled.inputs, compiled.outputs, window)
        seen, unseen = (_enough(name, _some(part, walk.seed)) for name, part in data.items())
        progress.report(STAGE, f"{len(seen)} training inferences")
        return drift.reference(
            compiled.inputs,
            compiled.outputs,
            seen,
            _outputs(walk, unseen),
            window=window,
            false_alarm_rate=settings.false_alarm_rate,
            classes=settings.classes,
            repeats=_repeats(walk, settings),
            seed=walk.seed,
        )

    return walk.get(STAGE, TrainingReference, inputs, make)


def _data(walk: Walk) -> dict[str, Bytes] | None:
    """What inputs are compared with, and the inputs whose outputs outputs are compared with; None:
    none that fit."""
    specs = walk.compiled().inputs
    if walk.training_data is not None:
        given = inputs_from_file(specs, walk.training_data)
        if len(given) < LEAST_INFERENCES:
            raise ProjectError(
                f"{walk.training_data}: x has {len(given)} sample{'s' * (len(given) != 1)}, "
                f"{LEAST_INFERENCES} are the least to tell drift from chance"
            )
        return {"inputs": given, "outputs": given}
    seen = real_inputs(specs, walk.dataset(), "train")
    unseen = real_inputs(specs, walk.dataset(), "validation")
    return None if seen is None or unseen is None else {"inputs": seen, "outputs": unseen}


def _enough(name: str, rows: Bytes) -> Bytes:
    """The rows; none where they are too few to compare with."""
    if 0 < len(rows) < LEAST_INFERENCES:
        progress.report(STAGE, f"{name} are not compared: {len(rows)} of {LEAST_INFERENCES}")
    return rows if len(rows) >= LEAST_INFERENCES else rows[:0]


def _repeats(walk: Walk, settings: config.DriftConfig) -> int:
    """How many inferences in a row see about the same: a sensor's windows may overlap."""
    sensor = walk.sensor() if not settings.repeats else None
    return -(-sensor.window // sensor.hop) if sensor is not None else settings.repeats or 1


def _some(rows: Bytes, seed: int) -> Bytes:
    from tinyflow import drift

    taken: Bytes = rows[drift.sampled(rows.shape[1], len(rows), seed)]
    return taken


def _can_judge(walk: Walk) -> bool:
    """Whether outputs can be had: by the host's compiler, of a model that keeps nothing between
    inferences, for samples in no order say nothing of one that does."""
    there = process.which("cc") or process.which("gcc")
    return there is not None and not walk.compiled().state_bytes


def _outputs(walk: Walk, inputs: Bytes) -> Bytes:
    """What the model answers, as the host computes it: the bytes of every board."""
    from tinyflow.compiler.host import load

    none = np.zeros((0, walk.compiled().output_bytes), np.int8)
    if not len(inputs):
        return none
    if not _can_judge(walk):
        progress.report(STAGE, "outputs are not compared")
        return none
    try:
        with load(walk.tflite().path) as host:
            return host.invoke(inputs)
    except ToolError as error:
        progress.report(STAGE, f"outputs are not compared: {error.what}")
        return none
