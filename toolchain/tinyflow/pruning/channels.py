"""Structured pruning: whole output channels are taken away, and a smaller model is made.

The smaller model is proved before it is used: the original with the same channels set to zero must
give the same scores.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinyflow.errors import ModelError
from tinyflow.pruning.spaces import AXES, ChannelSpaces, Space, Use, View

PROOF_SAMPLES = 64
PROOF_TOLERANCE = 1e-4

Keep = dict[Space, Any]


def shrink(model: Any, amount: float, samples: Any) -> tuple[Any, list[str]]:
    """A model with `amount` of the channels of every prunable layer taken away, and notes.

    The channels of least folded L1 norm go. At least one of each stays. `samples` float32
    [N, *input_shape] are what the result is proved with. Raises ModelError when no channel can be
    taken away, or the result is not the original with zeros.
    """
    import keras

    original = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    spaces = ChannelSpaces(original)
    keep: Keep = {}
    notes = list(spaces.notes)
    for space in spaces.prunable():
        gone = min(math.floor(space.size * amount + 0.5), space.size - 1)
        if gone:
            order = np.argsort(_importance(spaces, space), kind="stable")
            keep[space] = np.sort(order[gone:])
            names = " + ".join(layer.name for layer in space.producers)
            notes.append(f"channels: {names} {space.size} -> {space.size - gone}")
    if not keep:
        raise ModelError(
            f"model {model.name} has no layer whose channels can be pruned",
            spaces.notes or ["it has no convolution or dense layer before its output"],
            ['[pruning] method = "none"'],
        )
    small = _smaller(original, spaces, keep)
    _prove(original, small, spaces, keep, samples[:PROOF_SAMPLES])
    return small, notes


def masked(model: Any, spaces: ChannelSpaces, keep: Keep) -> Any:
    """A copy of `model` in which all channels that are not kept are zero."""
    import keras

    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for use in spaces.uses:
        kept = _kept(spaces, use.output, keep)
        if kept is None:
            continue
        layer = copy.get_layer(use.layer.name)
        for variable in layer.weights:
            axis = AXES[type(use.layer).__name__][variable.name][1]
            # The variance stays: normalising zero with mean zero gives zero.
            if axis is None or variable.name == "moving_variance":
                continue
            values = np.moveaxis(variable.numpy().copy(), axis, 0)
            values[np.setdiff1d(np.arange(len(values)), kept)] = 0
            variable.assign(np.moveaxis(values, 0, axis))
    return copy


def _importance(spaces: ChannelSpaces, space: Space) -> Any:
    """For each channel the L1 norm of the kernels that make it, normalisation folded in.

    Norms are divided by their mean over a kernel, so that kernels which share a space count alike.
    """
    total = np.zeros(space.size)
    for layer in space.producers:
        kernel = np.asarray(layer.get_weights()[1 if _is_separable(layer) else 0])
        norm = np.abs(kernel).reshape(-1, space.size).sum(axis=0)
        norm = norm * _following_scale(spaces, layer)
        total += norm / max(norm.mean(), np.finfo(np.float32).tiny)
    return total


def _is_separable(layer: Any) -> bool:
    return type(layer).__name__ == "SeparableConv2D"


def _following_scale(spaces: ChannelSpaces, layer: Any) -> Any:
    """What the normalisation right after `layer` multiplies each channel with; 1 without one."""
    for use in spaces.uses:
        follows = use.layer.input is layer.output if use.layer is not layer else False
        if follows and type(use.layer).__name__ == "BatchNormalization":
            norm = use.layer
            gamma = np.abs(norm.gamma.numpy()) if norm.scale else 1.0
            return gamma / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)
    return 1.0


def _kept(spaces: ChannelSpaces, view: View, keep: Keep) -> Any:
    """The indices of a tensor's last axis that stay, or None when all do."""
    space = spaces.space(view)
    if space not in keep:
        return None
    offsets = np.arange(view.repeat)[:, np.newaxis] * space.size
    return (offsets + keep[space]).ravel()


def _smaller(model: Any, spaces: ChannelSpaces, keep: Keep) -> Any:
    import keras

    uses = {use.layer.name: use for use in spaces.uses}

    def resized(layer: Any) -> Any:
        config = layer.get_config()
        use = uses.get(layer.name)
        kept = None if use is None else _kept(spaces, use.output, keep)
        if kept is not None:
            for name in ("filters", "units"):
                if config.get(name) is not None:
                    config[name] = len(kept)
        return type(layer).from_config(config)

    small = keras.models.clone_model(model, clone_function=resized)
    for layer in small.layers:
        if not layer.weights:
            continue
        original = model.get_layer(layer.name)
        use = uses.get(layer.name)
        values = original.get_weights()
        if use is not None:
            values = _sliced(spaces, use, keep)
        layer.set_weights(values)
    return small


def _sliced(spaces: ChannelSpaces, use: Use, keep: Keep) -> list[Any]:
    """The weights of a layer without the channels that go."""
    axes = AXES[type(use.layer).__name__]
    kept = (_kept(spaces, use.input, keep), _kept(spaces, use.output, keep))
    sliced = []
    for variable in use.layer.weights:
        values = variable.numpy()
        for axis, indices in zip(axes[variable.name], kept, strict=True):
            if axis is not None and indices is not None:
                values = np.take(values, indices, axis=axis)
        sliced.append(values)
    return sliced


def _prove(model: Any, small: Any, spaces: ChannelSpaces, keep: Keep, samples: Any) -> None:
    wanted = masked(model, spaces, keep)(samples, training=False).numpy()
    found = small(samples, training=False).numpy()
    difference = float(np.max(np.abs(wanted - found)))
    limit = PROOF_TOLERANCE * max(1.0, float(np.max(np.abs(wanted))))
    # Written so that NaN fails too.
    if not difference <= limit:
        raise ModelError(
            f"model {model.name} with fewer channels is not the model with zeros in their place",
            [f"scores differ by {difference:g}, the limit is {limit:g}"],
            ['[pruning] method = "none"'],
        )
