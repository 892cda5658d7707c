"""Stage: how well a predictor does, whatever is behind it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinyflow import keras_models, progress, worker
from tinyflow.artifacts import Dataset, Evaluation, KerasModel, Predictor
from tinyflow.config import BudgetConfig
from tinyflow.errors import ModelError

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes, Floats

STAGE = "evaluation"
PREDICT_TIMEOUT_SECONDS = 3600.0
UNITS = {"flash_bytes": "B", "ram_bytes": "B", "latency_us": "us"}
FLOORS = ("accuracy",)


def evaluate(predictor: Predictor, dataset: Dataset, split: str = "test") -> Evaluation:
    """Run all samples of `split` through `predictor`.

    The class is the one of highest score, the first of equals. Raises what the predictor raises,
    and ValueError when its scores are not float [N, classes].
    """
    features, classes = dataset.read(split)
    count = len(dataset.labels)
    progress.report(STAGE, f"{predictor.where} on {split}", 0, len(features))
    scores = np.ascontiguousarray(predictor.predict(features), dtype=np.float32)
    if scores.shape != (len(features), count):
        raise ValueError(f"scores have shape {scores.shape}, not {(len(features), count)}")
    confusion = np.zeros((count, count), dtype=np.int64)
    np.add.at(confusion, (classes, scores.argmax(axis=1)), 1)
    accuracy = float(np.trace(confusion) / len(features))
    message = f"{predictor.where} on {split}: accuracy {accuracy:.4f}"
    progress.report(STAGE, message, len(features), len(features))
    return Evaluation(
        where=predictor.where,
        split=split,
        samples=len(features),
        accuracy=accuracy,
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        scores_sha256=hashlib.sha256(scores.tobytes()).hexdigest(),
    )


def compare(host_outputs: Bytes, device_outputs: Bytes) -> int:
    """How many bytes differ. Raises ValueError when the shapes do."""
    if host_outputs.shape != device_outputs.shape:
        raise ValueError(f"shapes {host_outputs.shape} and {device_outputs.shape} differ")
    return int(np.count_nonzero(host_outputs != device_outputs))


class FloatModel:
    """A Keras model as a Predictor. It runs in a process of its own, started by each `predict`."""

    where = "float"

    def __init__(self, model: KerasModel) -> None:
        self._model = model

    def predict(self, features: Floats) -> Floats:
        """Scores float32 [N, classes] for features float32 [N, *input_shape]."""
        with tempfile.TemporaryDirectory(prefix="tinyflow-") as folder:
            inputs, outputs = Path(folder) / "in.npy", Path(folder) / "out.npy"
            np.save(inputs, features)
            worker.call(
                "the float model's process",
                f"{__name__}:predict_float",
                {"model": self._model.path, "inputs": inputs, "outputs": outputs},
                PREDICT_TIMEOUT_SECONDS,
            )
            scores: Floats = np.load(outputs)
            return scores


def predict_float(model: str, inputs: str, outputs: str) -> None:
    """`FloatModel.predict` in the worker."""
    keras_models.prepare(0)
    np.save(outputs, keras_models.load(model).predict(np.load(inputs), verbose=0))


def check_budget(budget: BudgetConfig, figures: Mapping[str, float | None]) -> tuple[str, ...]:
    """Compare `figures`, named like the keys of [budget], with its limits.

    `accuracy` is a floor, all others are most. A limit of zero is none. Returns the limits whose
    figure is missing or None: a board may have no way to measure it. Raises ModelError with every
    figure outside its limit.
    """
    findings = []
    unmeasured = []
    for name in (field.name for field in fields(budget)):
        limit, figure = getattr(budget, name), figures.get(name)
        if not limit:
            continue
        if figure is None:
            unmeasured.append(name)
        elif figure < limit if name in FLOORS else figure > limit:
            bound = "at least" if name in FLOORS else "at most"
            findings.append(f"{name}: {_text(name, figure)}, {bound} {_text(name, limit)}")
    if findings:
        count = "a figure is" if len(findings) == 1 else f"{len(findings)} figures are"
        raise ModelError(f"[budget] is not kept, {count} outside", findings)
    return tuple(unmeasured)


def _text(name: str, value: float) -> str:
    number = f"{value:.4f}" if name in FLOORS else f"{value:.10g}"
    return f"{number} {UNITS.get(name, '')}".rstrip()
