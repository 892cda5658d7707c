"""Stage: a float model as a .tflite of int8, weights and activations, inputs and outputs.

TensorFlow's converter dies by a signal on some models, so it runs in a worker with a time limit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tinyflow import cache, keras_models, progress, worker
from tinyflow.artifacts import Dataset, KerasModel, TfliteModel
from tinyflow.config import QuantizationConfig
from tinyflow.errors import ModelError

STAGE = "quantization"
TIMEOUT_SECONDS = 1800.0
FILE = "model.tflite"
CONVERT = f"{__name__}:convert"


def quantize(
    config: QuantizationConfig, model: KerasModel, dataset: Dataset, seed: int, folder: Path
) -> TfliteModel:
    """Convert `model` and write it to `folder`.

    Ranges come from `config.representative_samples` of the training split, or all of it when it
    has fewer. The batch is 1. Raises ModelError when the model has an operation that has no int8
    form, or the converter refuses it, dies, or takes over half an hour.
    """
    path = folder / FILE
    progress.report(STAGE, f"converting with {config.representative_samples} samples")
    arguments = {
        "model": model.path,
        "dataset": dataset.path,
        "samples": config.representative_samples,
        "seed": seed,
        "path": path,
    }
    try:
        worker.call("the converter", CONVERT, arguments, TIMEOUT_SECONDS)
    except worker.WorkerLostError as error:
        raise ModelError(
            f"TensorFlow's converter {error.how} on {model.path.name}", error.detail
        ) from None
    return TfliteModel(path, cache.file_sha256(path))


def convert(model: str, dataset: str, samples: int, seed: int, path: str) -> None:
    """`quantize` in the worker."""
    import keras
    import tensorflow as tf

    keras_models.prepare(seed)
    net = keras_models.load(model)
    shape = tuple(net.inputs[0].shape[1:])
    # With a batch of unknown size the converter computes shapes at run time.
    image = keras.Input(batch_shape=(1, *shape), dtype="float32", name="input")
    fixed = keras.Model(image, net(image))

    features = keras_models.read_arrays(dataset)["train_x"]
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(len(features))[:samples])

    converter = tf.lite.TFLiteConverter.from_keras_model(fixed)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([features[i : i + 1]] for i in chosen)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    try:
        content = converter.convert()
    except Exception as error:  # The converter raises a class of its own for every cause.
        raise ModelError(f"{net.name} cannot be converted to int8", _lines(error)) from None
    Path(path).write_bytes(content)


def _lines(error: Any) -> list[str]:
    return [line.strip() for line in str(error).splitlines() if line.strip()][:10]
