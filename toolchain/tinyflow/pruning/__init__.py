"""Stage: a trained model made smaller, or sparse, and fine-tuned.

`channels` takes whole output channels away, which any kernel profits from; `magnitude` sets single
weights to zero, which only sparse kernels and compressed flash profit from.
"""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

from tinyflow import keras_models
from tinyflow.artifacts import Dataset, KerasModel
from tinyflow.config import PruningConfig
from tinyflow.pruning import channels, magnitude

STAGE = "pruning"
BATCH_SIZE = 32


def prune(
    config: PruningConfig, trained: KerasModel, dataset: Dataset, seed: int, folder: Path
) -> KerasModel:
    """Prune `trained` by `config.method`, fine-tune it, and write it to `folder`.

    Method `none`, or an amount of 0, gives a copy. `notes` of the result say what became of each
    layer. Raises ModelError when no layer can be pruned, or Keras cannot load the model, and
    ProjectError when fine-tuning diverges.
    """
    if config.method == "none" or config.amount == 0:
        path = folder / keras_models.FILE
        shutil.copyfile(trained.path, path)
        return dataclasses.replace(trained, path=path)
    arguments = {
        "model": trained.path,
        "amount": config.amount,
        "epochs": config.epochs,
        "learning_rate": config.learning_rate,
        "dataset": dataset.path,
        "seed": seed,
        "folder": folder,
    }
    function = f"{__name__}:prune_{config.method}"
    return keras_models.in_worker("the pruning process", function, arguments)


def prune_channels(
    model: str,
    amount: float,
    epochs: int,
    learning_rate: float,
    dataset: str,
    seed: int,
    folder: str,
) -> dict[str, Any]:
    """`prune` by channels, in the worker."""
    keras_models.prepare(seed)
    data = keras_models.read_arrays(dataset)
    original = keras_models.load(model)
    small, notes = channels.shrink(original, amount, data["validation_x"])
    history = keras_models.train(
        small,
        data,
        stage=STAGE,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        learning_rate=learning_rate,
    )
    return keras_models.save(small, data, folder, history, notes)


def prune_magnitude(
    model: str,
    amount: float,
    epochs: int,
    learning_rate: float,
    dataset: str,
    seed: int,
    folder: str,
) -> dict[str, Any]:
    """`prune` by magnitude, in the worker."""
    keras_models.prepare(seed)
    data = keras_models.read_arrays(dataset)
    sparse = keras_models.load(model)
    schedule = magnitude.Schedule(amount, epochs, len(data["train_y"]), BATCH_SIZE)
    history = keras_models.train(
        sparse,
        data,
        stage=STAGE,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        learning_rate=learning_rate,
        callbacks=[magnitude.callback(keras_models.kernels(sparse), schedule)],
        first_epoch=schedule.first_full_epoch,
    )
    return keras_models.save(sparse, data, folder, history, schedule.notes())
