"""Keras models on disk, and the training loop that training and pruning share.

All but `in_worker` runs in a worker, where TensorFlow is.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinyflow import progress, worker
from tinyflow.artifacts import KerasModel
from tinyflow.errors import ModelError, ProjectError

TIMEOUT_SECONDS = 86_400.0
FILE = "model.keras"
# Scores of moderate size generalise better, and lose less when they are quantised.
LABEL_SMOOTHING = 0.1
KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")

History = dict[str, list[float]]
Arrays = Mapping[str, Any]


def in_worker(name: str, function: str, arguments: Mapping[str, Any]) -> KerasModel:
    """Call `function` in a worker; it returns what `save` returned there."""
    saved = worker.call(name, function, arguments, TIMEOUT_SECONDS)
    saved["path"] = Path(saved["path"])
    saved["notes"] = tuple(saved["notes"])
    return KerasModel(**saved)


def prepare(seed: int) -> None:
    """Seed all random numbers and make TensorFlow repeat its sums in the same order."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def read_arrays(dataset: str | Path) -> dict[str, Any]:
    """The arrays of a Dataset's file, `<split>_x` and `<split>_y`."""
    with np.load(dataset, allow_pickle=False) as file:
        return dict(file)


def load(path: str | Path) -> Any:
    """The Keras model in `path`. Raises ModelError when Keras cannot read it."""
    import keras

    try:
        return keras.saving.load_model(path, compile=False)
    except (ValueError, TypeError, OSError) as error:
        raise ModelError(f"{path} is not a model Keras can load: {error}") from None


def train(
    model: Any,
    data: Arrays,
    *,
    stage: str,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    callbacks: Sequence[Any] = (),
    first_epoch: int = 0,
) -> History:
    """Train `model` in place and leave it with the weights of its best epoch.

    Adam, the rate going to zero as a half cosine. The best epoch is the one of lowest validation
    loss from `first_epoch` on: accuracy has too many equals. Returns one figure an epoch.
    Raises ProjectError when the loss is no longer finite.
    """
    import keras

    steps = math.ceil(len(data["train_y"]) / batch_size)
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * steps)
    loss = keras.losses.CategoricalCrossentropy(
        from_logits=not _ends_in_softmax(model), label_smoothing=LABEL_SMOOTHING
    )
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss, metrics=["accuracy"])
    best = _best_weights(stage, epochs, first_epoch)
    targets = np.eye(model.output_shape[-1], dtype=np.float32)
    history = model.fit(
        data["train_x"],
        targets[data["train_y"]],
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(data["validation_x"], targets[data["validation_y"]]),
        callbacks=[*callbacks, best],
        verbose=0,
    )
    if best.diverged_at is not None:
        raise ProjectError(
            f"{stage}: the loss is not finite in epoch {best.diverged_at + 1}",
            [f"learning_rate: {learning_rate:g}"],
            [f"learning_rate = {learning_rate / 10:g}"],
        )
    model.set_weights(best.weights)
    return {name: [float(v) for v in values] for name, values in history.history.items()}


def save(
    model: Any, data: Arrays, folder: str | Path, history: History, notes: Sequence[str]
) -> dict[str, Any]:
    """Write `model` to `folder` and return the fields of its KerasModel as JSON."""
    path = Path(folder) / FILE
    model.save(path)
    scores = model.predict(data["validation_x"], verbose=0)
    return {
        "path": str(path),
        "sha256": content_sha256(model),
        "parameters": int(model.count_params()),
        "zero_fraction": zero_fraction(model),
        "validation_accuracy": float(np.mean(scores.argmax(axis=1) == data["validation_y"])),
        "history": history,
        "notes": [*notes, f"made with {environment()}"],
    }


def content_sha256(model: Any) -> str:
    """The hash of a model's architecture and weights."""
    digest = hashlib.sha256(model.to_json().encode())
    for weight in model.get_weights():
        digest.update(f"{weight.dtype.str}{weight.shape}".encode() + weight.tobytes())
    return digest.hexdigest()


def kernels(model: Any) -> list[Any]:
    """The variables that hold the weights of convolutions and dense layers."""
    return [weight for weight in model.trainable_weights if weight.name in KERNELS]


def zero_fraction(model: Any) -> float:
    """The share of zeros in all `kernels`."""
    values = [weight.numpy() for weight in kernels(model)]
    total = sum(value.size for value in values)
    zeros = sum(int(np.count_nonzero(value == 0)) for value in values)
    return float(zeros / max(1, total))


def environment() -> str:
    """What the weights depend on besides the seed, in words."""
    import keras
    import tensorflow as tf

    onednn = "off" if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0" else "on"
    return (
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}, "
        f"{os.cpu_count()} cores, oneDNN {onednn}"
    )


def _ends_in_softmax(model: Any) -> bool:
    last = model.layers[-1]
    activation = getattr(last, "activation", None)
    return type(last).__name__ == "Softmax" or getattr(activation, "__name__", "") == "softmax"


def _best_weights(stage: str, epochs: int, first_epoch: int) -> Any:
    import keras

    class BestWeights(keras.callbacks.Callback):  # type: ignore[misc]
        """Keeps the weights of the best epoch, reports each, and stops when it diverges."""

        def __init__(self) -> None:
            super().__init__()
            self.weights: list[Any] | None = None
            self.loss = math.inf
            self.diverged_at: int | None = None

        def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
            assert logs is not None
            if not math.isfinite(logs["loss"]):
                self.diverged_at = epoch
                self.model.stop_training = True
                return
            text = f"loss {logs['loss']:.3f}, validation accuracy {logs['val_accuracy']:.3f}"
            progress.report(stage, text, epoch + 1, epochs)
            if epoch >= first_epoch and (self.weights is None or logs["val_loss"] < self.loss):
                self.weights = self.model.get_weights()
                self.loss = logs["val_loss"]

    return BestWeights()
