"""Channel pruning: the smaller model is the original with zeros, whatever the graph."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyflow import keras_models
from tinyflow.errors import ModelError
from tinyflow.pruning import channels
from tinyflow.pruning.spaces import ChannelSpaces
from tinyflow.training import ds_cnn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras

L = keras.layers
SHAPE = (8, 8, 3)


def randomised(model: Any, seed: int = 0) -> Any:
    """The model with all weights drawn, normalisation statistics too."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        values = random.normal(0.0, 0.5, weight.shape)
        weight.assign(np.abs(values) + 0.5 if weight.name == "moving_variance" else values)
    return model


def samples(shape: tuple[int, ...], count: int = 16) -> Any:
    return np.random.default_rng(7).normal(0, 1, (count, *shape)).astype(np.float32)


def plain() -> Any:
    return ds_cnn.build(SHAPE, 5)


def sequential() -> Any:
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            L.Conv2D(6, 3, activation="relu"),
            L.MaxPooling2D(2),
            L.Conv2D(7, 3, activation="relu6"),
            L.Flatten(),
            L.BatchNormalization(),
            L.Dropout(0.5),
            L.Dense(9, activation="relu"),
            L.Dense(4, activation="softmax"),
        ]
    )


def residual() -> Any:
    image = keras.Input(SHAPE)
    x = L.ReLU()(L.BatchNormalization()(L.Conv2D(8, 3, padding="same")(image)))
    y = L.ReLU()(L.BatchNormalization()(L.Conv2D(8, 3, padding="same")(x)))
    y = L.BatchNormalization()(L.Conv2D(8, 3, padding="same")(y))
    x = L.ReLU()(L.Add()([x, y]))
    y = L.ReLU()(L.BatchNormalization()(L.Conv2D(12, 3, strides=2, padding="same")(x)))
    y = L.BatchNormalization()(L.Conv2D(12, 3, padding="same")(y))
    x = L.Conv2D(12, 1, strides=2)(x)
    x = L.ReLU()(L.Add()([x, y]))
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(image, L.Dense(4, activation="softmax")(x))


def separable() -> Any:
    image = keras.Input(SHAPE)
    x = L.SeparableConv2D(8, 3, activation="tanh")(image)
    x = L.ZeroPadding2D(1)(x)
    x = L.DepthwiseConv2D(3, activation="relu")(x)
    x = L.SeparableConv2D(6, 3)(x)
    x = L.LeakyReLU()(x)
    x = L.UpSampling2D(2)(x)
    x = L.AveragePooling2D(2, padding="same")(x)
    x = L.GlobalMaxPooling2D()(x)
    return keras.Model(image, L.Dense(3)(x))


def preactivated() -> Any:
    image = keras.Input(SHAPE)
    x = L.Conv2D(8, 3, padding="same")(image)
    y = L.ReLU()(L.BatchNormalization(scale=False)(x))
    y = L.Conv2D(8, 3, padding="same")(y)
    y = L.ReLU()(L.BatchNormalization(center=False)(y))
    y = L.Conv2D(8, 3, padding="same")(y)
    x = L.Add()([x, y])
    x = L.Flatten()(L.ReLU()(L.BatchNormalization(center=False, scale=False)(x)))
    return keras.Model(image, L.Dense(3, activation="softmax")(x))


def gated() -> Any:
    image = keras.Input(SHAPE)
    x = L.Conv2D(8, 3, activation="relu")(image)
    gate = L.GlobalAveragePooling2D(keepdims=True)(x)
    gate = L.Conv2D(4, 1, activation="relu")(gate)
    gate = L.Conv2D(8, 1, activation="tanh")(gate)
    x = L.GlobalAveragePooling2D()(L.Multiply()([x, gate]))
    return keras.Model(image, L.Dense(3, activation="softmax")(x))


def dense() -> Any:
    return ds_cnn.build((12,), 3)


@pytest.mark.parametrize(
    "build", [plain, sequential, residual, separable, preactivated, gated, dense]
)
@pytest.mark.parametrize("amount", [0.25, 0.5, 0.9])
def test_the_smaller_model_is_the_original_with_zeros(
    build: Callable[[], Any], amount: float
) -> None:
    model = randomised(build())
    inputs = samples(model.input_shape[1:])
    small, notes = channels.shrink(model, amount, inputs)
    assert small.count_params() < model.count_params()
    assert not [note for note in notes if note.startswith("left alone")]
    wanted, keep = masked_by_hand(model, small)
    found = small(inputs, training=False).numpy()
    np.testing.assert_allclose(found, wanted(inputs, training=False).numpy(), atol=2e-4)
    assert keep


def masked_by_hand(model: Any, small: Any) -> tuple[Any, dict[str, Any]]:
    """The original with each channel the smaller one lacks zero: found by comparing weights."""
    original = keras.Model(model.inputs[0], model.outputs[0])
    spaces = ChannelSpaces(original)
    keep = {}
    for space in spaces.prunable():
        left = small.get_layer(space.producers[0].name).output.shape[-1]
        if left < space.size:
            order = np.argsort(channels._importance(spaces, space), kind="stable")
            keep[space] = np.sort(order[space.size - left :])
    return channels.masked(original, spaces, keep), {
        s.producers[0].name: k for s, k in keep.items()
    }


def test_the_weakest_channels_go() -> None:
    image = keras.Input((4, 4, 1))
    x = L.Conv2D(4, 1, use_bias=False, name="conv")(image)
    x = L.BatchNormalization(name="norm")(x)
    x = L.GlobalAveragePooling2D()(L.ReLU()(x))
    model = keras.Model(image, L.Dense(2, name="scores")(x))
    model.get_layer("conv").set_weights([np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 1, 4)])
    # Folded with the normalisation the norms are 10, 2, 9 and 4.
    gamma, variance = np.array([10.0, 1.0, 3.0, 1.0]), np.ones(4) - 0.001
    model.get_layer("norm").set_weights([gamma, np.zeros(4), np.zeros(4), variance])
    small, notes = channels.shrink(model, 0.5, samples((4, 4, 1)))
    assert small.get_layer("conv").get_weights()[0].ravel().tolist() == [1.0, 3.0]
    assert notes == ["channels: conv 4 -> 2"]


def test_united_spaces_lose_the_same_channels() -> None:
    small, notes = channels.shrink(randomised(residual()), 0.5, samples(SHAPE))
    assert len(notes) == 4
    for layer in small.layers:
        if isinstance(layer, L.Add):
            assert len({tensor.shape[-1] for tensor in layer.input}) == 1


@pytest.mark.parametrize("amount", [0.01, 0.999])
def test_at_least_one_channel_stays(amount: float) -> None:
    model = randomised(residual())
    if amount < 0.1:
        with pytest.raises(ModelError, match="has no layer whose channels can be pruned"):
            channels.shrink(model, amount, samples(SHAPE))
    else:
        small, _ = channels.shrink(model, amount, samples(SHAPE))
        assert min(layer.output.shape[-1] for layer in small.layers if layer.weights) == 1


def foreign(kind: str) -> Any:
    """A net with a part that channels are not followed through, between two prunable layers."""
    image = keras.Input(SHAPE)
    x = L.Conv2D(8, 3, padding="same", activation="relu", name="first")(image)
    x = L.Conv2D(8, 3, padding="same", activation="relu", name="before")(x)
    if kind == "concatenate":
        x = L.Concatenate(name="odd")([x, x])
    elif kind == "groups":
        x = L.Conv2D(8, 3, groups=2, name="odd")(x)
    elif kind == "multiplier":
        x = L.DepthwiseConv2D(3, depth_multiplier=2, name="odd")(x)
    elif kind == "sigmoid":
        x = L.Activation("sigmoid", name="odd")(x)
    elif kind == "softmax":
        x = L.Activation("softmax", name="odd")(x)
    elif kind == "threshold":
        x = L.ReLU(threshold=1.0, negative_slope=0.1, name="odd")(x)
    elif kind == "axis":
        x = L.BatchNormalization(axis=1, name="odd")(x)
    elif kind == "reshape":
        x = L.Reshape((4, 16, 8), name="odd")(x)
    elif kind == "shared":
        layer = L.Conv2D(8, 1, name="odd")
        x = layer(layer(x))
    elif kind == "nested":
        inner = keras.Sequential([keras.Input((8, 8, 8)), L.Conv2D(4, 1)], name="odd")
        x = inner(x)
    elif kind == "operation":
        x = keras.ops.flip(x, axis=-1)
    elif kind == "broadcast":
        x = L.Multiply(name="odd")([x, L.Conv2D(1, 1, name="gate")(image)])
    x = L.Conv2D(8, 1, activation="relu", name="after")(x)
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(image, L.Dense(3, activation="softmax", name="scores")(x))


KINDS = [
    "concatenate",
    "groups",
    "multiplier",
    "sigmoid",
    "softmax",
    "threshold",
    "axis",
    "reshape",
    "shared",
    "nested",
    "operation",
    "broadcast",
]


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_followed_is_left_alone_and_named(kind: str) -> None:
    model = randomised(foreign(kind))
    small, notes = channels.shrink(model, 0.5, samples(SHAPE))
    named = [note for note in notes if note.startswith("left alone")]
    assert len(named) == 1
    assert ("Flip" if kind == "operation" else "odd") in named[0]
    assert small.get_layer("first").filters == 4
    assert small.get_layer("before").filters == 8
    assert small.get_layer("after").filters == 4
    assert small.get_layer("scores").units == 3


def test_nothing_to_prune() -> None:
    image = keras.Input((4,))
    model = keras.Model(image, L.Dense(3, activation="softmax")(image), name="single")
    with pytest.raises(ModelError, match="model single has no layer whose channels can be pruned"):
        channels.shrink(model, 0.5, samples((4,)))


def test_a_wrong_slice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = channels._sliced

    def wrong(*arguments: Any) -> list[Any]:
        return [np.flip(values, axis=-1) for values in right(*arguments)]

    monkeypatch.setattr(channels, "_sliced", wrong)
    with pytest.raises(ModelError, match="is not the model with zeros in their place"):
        channels.shrink(randomised(plain()), 0.5, samples(SHAPE))


PARTS = st.one_of(
    st.tuples(st.just("conv"), st.integers(1, 6)),
    st.tuples(st.just("separable"), st.integers(1, 6)),
    st.tuples(st.just("residual"), st.integers(2, 5)),
    st.tuples(st.just("depthwise"), st.booleans()),
    st.tuples(st.just("norm"), st.booleans()),
    st.tuples(st.just("activation"), st.sampled_from(["relu", "tanh", "sigmoid"])),
    st.tuples(st.just("pool"), st.just(2)),
)


def chain(parts: list[tuple[str, Any]], flatten: bool) -> Any:
    image = keras.Input((6, 6, 2))
    x = image
    for kind, value in parts:
        if kind == "conv":
            x = L.Conv2D(value, 3, padding="same")(x)
        elif kind == "separable":
            x = L.SeparableConv2D(value, 3, padding="same")(x)
        elif kind == "residual":
            y = L.ReLU()(L.Conv2D(value, 3, padding="same")(x))
            x = L.Add()([x, L.Conv2D(x.shape[-1], 1)(y)])
        elif kind == "depthwise":
            x = L.DepthwiseConv2D(3, padding="same", use_bias=value)(x)
        elif kind == "norm":
            x = L.BatchNormalization(scale=value, center=not value)(x)
        elif kind == "activation":
            x = L.Activation(value)(x)
        else:
            x = L.MaxPooling2D(value, strides=1, padding="same")(x)
    x = L.Flatten()(x) if flatten else L.GlobalAveragePooling2D()(x)
    x = L.Dense(4, activation="relu")(x)
    return keras.Model(image, L.Dense(2, activation="softmax")(x))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    parts=st.lists(PARTS, min_size=1, max_size=8),
    flatten=st.booleans(),
    amount=st.floats(0.3, 0.8),
    seed=st.integers(0, 99),
)
def test_random_graphs(
    parts: list[tuple[str, Any]], flatten: bool, amount: float, seed: int
) -> None:
    model = randomised(chain(parts, flatten), seed)
    # `shrink` proves its result and raises when it is not the original with zeros.
    small, _ = channels.shrink(model, amount, samples((6, 6, 2)))
    assert small.output_shape == model.output_shape
    assert small.count_params() < model.count_params()
    assert len(keras_models.kernels(small)) == len(keras_models.kernels(model))
