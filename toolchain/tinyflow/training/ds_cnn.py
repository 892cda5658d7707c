"""The built-in model: a small convolutional net of depthwise-separable blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

FILTERS = 48
BLOCKS = (48, 64, 64)
DENSE_UNITS = (64, 32)
SMALLEST_SIDE = 4
# With few batches in an epoch the customary 0.99 never forgets the first statistics.
MOMENTUM = 0.9


def build(input_shape: Sequence[int], classes: int) -> Any:
    """A Keras model for inputs [H, W, C], [H, W] (one channel) or [N] (a dense net)."""
    import keras

    image = keras.Input(tuple(input_shape))
    if len(input_shape) == 1:
        return keras.Model(image, _dense_net(image, classes), name="dense_net")
    tensor = image
    if len(input_shape) == 2:
        tensor = keras.layers.Reshape((*input_shape, 1))(tensor)
    side = max(input_shape[:2])
    # Strides halve the longer side until it is small; large inputs begin at once.
    stride = 2 if side > 4 * SMALLEST_SIDE else 1
    side = -(-side // stride)
    tensor = keras.layers.Conv2D(
        FILTERS, 3, strides=stride, padding="same", use_bias=False, name="conv"
    )(tensor)
    tensor = _normalised(tensor, "conv")
    for index, filters in enumerate(BLOCKS, 1):
        stride = 2 if side > SMALLEST_SIDE else 1
        side = -(-side // stride)
        tensor = _separable_block(tensor, filters, stride, index)
    # A depthwise convolution over all that is left is a mean with learned weights: on small images
    # it matters where something is.
    tensor = keras.layers.DepthwiseConv2D(tensor.shape[1:3], use_bias=False, name="gather")(tensor)
    tensor = _normalised(tensor, "gather")
    tensor = keras.layers.Flatten(name="flatten")(tensor)
    scores = keras.layers.Dense(classes, activation="softmax", name="scores")(tensor)
    return keras.Model(image, scores, name="ds_cnn")


def _separable_block(tensor: Any, filters: int, stride: int, index: int) -> Any:
    import keras

    name = f"depthwise_{index}"
    tensor = keras.layers.DepthwiseConv2D(
        3, strides=stride, padding="same", use_bias=False, name=name
    )(tensor)
    tensor = _normalised(tensor, name)
    name = f"pointwise_{index}"
    tensor = keras.layers.Conv2D(filters, 1, use_bias=False, name=name)(tensor)
    return _normalised(tensor, name)


def _normalised(tensor: Any, name: str) -> Any:
    import keras

    tensor = keras.layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(tensor)
    return keras.layers.ReLU(name=f"{name}_relu")(tensor)


def _dense_net(tensor: Any, classes: int) -> Any:
    import keras

    for index, units in enumerate(DENSE_UNITS, 1):
        tensor = keras.layers.Dense(units, activation="relu", name=f"dense_{index}")(tensor)
    return keras.layers.Dense(classes, activation="softmax", name="scores")(tensor)
