"""Stage: a float Keras model, trained on a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tinyflow import entrypoint, keras_models
from tinyflow.artifacts import Dataset, KerasModel
from tinyflow.config import TrainingConfig
from tinyflow.errors import ProjectError, near_miss
from tinyflow.training import ds_cnn

STAGE = "training"
MODELS: Mapping[str, Callable[..., Any]] = {"ds_cnn": ds_cnn.build}


def fit(
    config: TrainingConfig, dataset: Dataset, seed: int, project_folder: Path, folder: Path
) -> KerasModel:
    """Train `config.model` and write it to `folder`, with the weights of its best epoch.

    The model is `ds_cnn` or a function of the project's that takes (input_shape, classes) and
    returns a Keras model. An interrupt ends the training's process and leaves nothing. Raises
    ProjectError when the model is unknown, does not fit the data, or its loss diverges.
    """
    if entrypoint.is_entrypoint(config.model):
        entrypoint.source_file(config.model, project_folder)
    elif config.model not in MODELS:
        close = near_miss(config.model, MODELS)
        raise ProjectError(
            f"training.model {config.model!r} is unknown"
            + (f", did you mean {close}?" if close else ""),
            [f"known: {', '.join(MODELS)}, file.py:function"],
        )
    arguments = {
        "model": config.model,
        "epochs": config.epochs,
        "batch_size": config.batch_size,
        "learning_rate": config.learning_rate,
        "input_shape": dataset.input_shape,
        "classes": len(dataset.labels),
        "dataset": dataset.path,
        "seed": seed,
        "project_folder": project_folder,
        "folder": folder,
    }
    return keras_models.in_worker("the training process", f"{__name__}:train", arguments)


def train(
    model: str,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    input_shape: list[int],
    classes: int,
    dataset: str,
    seed: int,
    project_folder: str,
    folder: str,
) -> dict[str, Any]:
    """`fit` in the worker."""
    keras_models.prepare(seed)
    if model in MODELS:
        net = MODELS[model](tuple(input_shape), classes)
    else:
        net = entrypoint.call(model, Path(project_folder), tuple(input_shape), classes)
        _check_model(model, net, tuple(input_shape), classes)
    data = keras_models.read_arrays(dataset)
    history = keras_models.train(
        net,
        data,
        stage=STAGE,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
    )
    return keras_models.save(net, data, folder, history, ())


def _check_model(name: str, model: Any, input_shape: tuple[int, ...], classes: int) -> None:
    import keras

    if not isinstance(model, keras.Model):
        raise ProjectError(f"{name} must return a Keras model, returned {type(model).__name__}")
    findings = []
    if not model.built or not getattr(model, "inputs", None):
        findings.append("it has no input shape; begin it with keras.Input(input_shape)")
    else:
        found = [tuple(tensor.shape[1:]) for tensor in model.inputs]
        if found != [input_shape]:
            findings.append(f"inputs must be one of {input_shape}, found {_listed(found)}")
        found = [tuple(tensor.shape[1:]) for tensor in model.outputs]
        if found != [(classes,)]:
            findings.append(f"outputs must be one of {(classes,)}, found {_listed(found)}")
    own = [
        f"{layer.name} ({type(layer).__name__})"
        for layer in model.layers
        if not type(layer).__module__.startswith("keras.")
    ]
    if own:
        # The stages to come load the model without the project's Python.
        findings.append(f"layers must be Keras's own, found {', '.join(own)}")
    if findings:
        raise ProjectError(f"the model of {name} cannot be trained", findings)


def _listed(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join(str(shape) for shape in shapes) or "none"
