"""Makes digits.tflite and digits_test.npz, the small real model of the tests.

Run it with the Python of the development environment, in this folder's checkout:

    .venv/bin/python tests/models/make_digits.py

Training is repeatable on one machine, but the weights depend on the machine, so the files are kept
and renewed only when the tests need another model; all that was pinned to the old bytes changes
with them.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
SEED = 7
EPOCHS = 20
TEST_SAMPLES = 60
ACCURACY_FLOOR = 0.97


def layers(keras: Any) -> list[Any]:
    """A DS-CNN in small: a convolution, depthwise separable blocks, the mean, a classifier."""

    def block(channels: int, stride: int) -> list[Any]:
        return [
            keras.layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Conv2D(channels, 1, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
        ]

    return [
        keras.layers.Conv2D(16, 3, padding="same", use_bias=False),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
        *block(24, 1),
        *block(32, 2),
        *block(48, 1),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10, activation="softmax"),
    ]


def shifted(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The images and, beside them, the same ones moved by a pixel in each direction."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moves = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    parts = [padded[:, down : down + 8, right : right + 8] for down, right in moves]
    return np.concatenate(parts), np.tile(labels, len(moves))


def convert(model: Any, representative: np.ndarray) -> bytes:
    """Full-integer int8, by way of a saved model with a batch of exactly one."""
    import tensorflow as tf

    def samples() -> Any:
        for sample in representative:
            yield [sample[np.newaxis]]

    with tempfile.TemporaryDirectory() as folder:
        fixed = tf.keras.Sequential([tf.keras.Input(batch_shape=(1, 8, 8, 1)), model])
        fixed.export(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = samples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
        return bytes(converter.convert())


def main() -> None:
    """Train, convert, check the accuracy and write both files."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    from tinyflow.reference import ReferenceInterpreter, install_reference

    tf.keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[..., np.newaxis]
    train_x, test_x, train_y, test_y = train_test_split(
        images, digits.target, test_size=0.2, stratify=digits.target, random_state=SEED
    )
    more_x, more_y = shifted(train_x, train_y)
    model = tf.keras.Sequential([tf.keras.Input((8, 8, 1)), *layers(tf.keras)])
    model.compile(
        tf.keras.optimizers.Adam(
            tf.keras.optimizers.schedules.CosineDecay(4e-3, EPOCHS * len(more_x) // 32)
        ),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(more_x, more_y, batch_size=32, epochs=EPOCHS, verbose=2)
    content = convert(model, train_x[:200])

    install_reference()
    with ReferenceInterpreter(content) as reference:
        guesses = reference.predict(test_x).argmax(axis=1)
    accuracy = float((guesses == test_y).mean())
    print(f"int8 accuracy {accuracy:.4f} on {len(test_y)} samples, {len(content)} B")
    if accuracy < ACCURACY_FLOOR:
        raise SystemExit(f"that is below {ACCURACY_FLOOR}")
    (HERE / "digits.tflite").write_bytes(content)
    np.savez_compressed(
        HERE / "digits_test.npz", x=test_x[:TEST_SAMPLES], y=test_y[:TEST_SAMPLES].astype(np.int64)
    )


if __name__ == "__main__":
    main()
