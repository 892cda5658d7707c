"""Makes the models in layers/: what the converter writes for layers of Keras, in int8 and int16x8.

Run it with the Python of the development environment, in this folder's checkout:

    .venv/bin/python tests/models/make_layers.py

Their weights are random; what they are kept for is the operators that the converter makes of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "layers"
SEED = 7
SAMPLES = 16


def temporal(keras: Any) -> Any:
    """Causal, dilated, depthwise and separable convolutions over time, with residuals."""
    layers = keras.layers
    source = last = keras.Input(batch_shape=(1, 32, 4))
    for dilation in (1, 2, 4):
        step = layers.Conv1D(8, 3, dilation_rate=dilation, padding="causal", activation="relu")(
            last
        )
        last = layers.Add()([step, layers.Conv1D(8, 1)(last)])
    last = layers.DepthwiseConv1D(5, strides=2, padding="same", depth_multiplier=2)(last)
    last = layers.SeparableConv1D(6, 3, padding="valid")(layers.ReLU()(last))
    last = layers.GlobalAveragePooling1D()(last)
    return keras.Model(source, layers.Dense(3, activation="softmax")(last))


def decoder(keras: Any) -> Any:
    """Transposed convolutions over pictures."""
    layers = keras.layers
    source = keras.Input(batch_shape=(1, 10))
    last = layers.Reshape((4, 4, 3))(layers.Dense(48, activation="relu")(source))
    last = layers.Conv2DTranspose(6, 3, strides=2, padding="same", activation="relu")(last)
    return keras.Model(source, layers.Conv2DTranspose(2, 4, strides=2, padding="valid")(last))


def upsampler(keras: Any) -> Any:
    """A transposed convolution over time."""
    source = keras.Input(batch_shape=(1, 12, 4))
    last = keras.layers.Conv1DTranspose(6, 3, strides=2, padding="same", activation="relu")(source)
    return keras.Model(source, keras.layers.Conv1D(2, 3, padding="same")(last))


def attention(keras: Any) -> Any:
    """Attention with several heads: products of matrices that are both computed."""
    source = keras.Input(batch_shape=(1, 8, 6))
    last = keras.layers.MultiHeadAttention(2, 3)(source, source)
    return keras.Model(source, keras.layers.Dense(2)(last))


def grouped(keras: Any) -> Any:
    """A convolution with groups and dilation."""
    source = keras.Input(batch_shape=(1, 8, 8, 6))
    last = keras.layers.Conv2D(9, 3, groups=3, padding="same", dilation_rate=2)(source)
    return keras.Model(source, keras.layers.Conv2D(4, 3, strides=2)(last))


def excited(keras: Any) -> Any:
    """Squeeze and excitation, leaks with a factor per channel, minima and maxima."""
    layers = keras.layers
    source = keras.Input(batch_shape=(1, 8, 8, 4))
    last = layers.Conv2D(6, 3)(source)
    last = layers.PReLU(shared_axes=[1, 2], alpha_initializer="random_uniform")(last)
    mean = layers.GlobalAveragePooling2D(keepdims=True)(last)
    last = layers.Multiply()([last, layers.Dense(6, activation="sigmoid")(mean)])
    least = layers.Minimum()([last, layers.Conv2D(6, 1)(last)])
    last = layers.Subtract()([layers.Maximum()([last, least]), least])
    return keras.Model(source, layers.GlobalMaxPooling2D()(layers.AveragePooling2D(2)(last)))


def normalised(keras: Any) -> Any:
    """A normalisation over the features of every step."""
    source = keras.Input(batch_shape=(1, 6, 8))
    last = keras.layers.LayerNormalization()(keras.layers.Dense(8)(source))
    return keras.Model(source, keras.layers.Dense(3)(last))


def convert(model: Any, dtype: str) -> bytes:
    """Full-integer, with activations of `dtype` and int8 weights."""
    import tensorflow as tf

    rng = np.random.default_rng(SEED)
    samples = rng.normal(size=(SAMPLES, *model.inputs[0].shape)).astype(np.float32)
    sets = tf.lite.OpsSet
    kinds = {
        "int8": sets.TFLITE_BUILTINS_INT8,
        "int16": sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
    }
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.target_spec.supported_ops = [kinds[dtype]]
    converter.inference_input_type = converter.inference_output_type = getattr(tf, dtype)
    return bytes(converter.convert())


BOTH = ("int8", "int16")
# The converter has no int16 for PRELU and NEG.
MODELS: dict[Callable[[Any], Any], tuple[str, ...]] = {
    **dict.fromkeys((temporal, decoder, upsampler, attention, grouped), BOTH),
    **dict.fromkeys((excited, normalised), ("int8",)),
}


def main() -> None:
    """Convert every model in its types."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    tf.keras.utils.set_random_seed(SEED)
    FOLDER.mkdir(exist_ok=True)
    for make, types in MODELS.items():
        model = make(tf.keras)
        for dtype in types:
            (FOLDER / f"{make.__name__}_{dtype}.tflite").write_bytes(convert(model, dtype))


if __name__ == "__main__":
    main()
