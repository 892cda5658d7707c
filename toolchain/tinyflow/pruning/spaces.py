"""Which channels of a Keras model hang together.

A channel that is taken away must go from the layer that makes it, from the layers it only passes
through (normalisation, depthwise convolution, pooling) and from the layers that read it. The
channels of all tensors between are one *space*; ADD and its like unite the spaces of their inputs.
Layers not known here are left alone: their spaces are frozen, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# The axes of a layer's weights that run over its input's and its output's channels.
AXES: dict[str, dict[str, tuple[int | None, int | None]]] = {
    "Conv2D": {"kernel": (2, 3), "bias": (None, 0)},
    "SeparableConv2D": {
        "depthwise_kernel": (2, None),
        "pointwise_kernel": (2, 3),
        "bias": (None, 0),
    },
    "Dense": {"kernel": (0, 1), "bias": (None, 0)},
    "DepthwiseConv2D": {"kernel": (None, 2), "bias": (None, 0)},
    "BatchNormalization": {
        "gamma": (None, 0),
        "beta": (None, 0),
        "moving_mean": (None, 0),
        "moving_variance": (None, 0),
    },
}
PRODUCERS = ("Conv2D", "SeparableConv2D", "Dense")
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
# Each channel of the output depends on the same channel of the input alone, and zero gives zero.
PASSING = (
    "BatchNormalization",
    "DepthwiseConv2D",
    "Activation",
    "ReLU",
    "LeakyReLU",
    "ELU",
    "Dropout",
    "SpatialDropout2D",
    "MaxPooling2D",
    "AveragePooling2D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "ZeroPadding2D",
    "Cropping2D",
    "UpSampling2D",
)
ZERO_TO_ZERO = (
    "linear",
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "silu",
    "gelu",
    "tanh",
    "softsign",
    "hard_silu",
)


@dataclass(eq=False)
class Space:
    """The channels that several tensors share. `frozen` says why none can be taken away."""

    size: int
    frozen: str = ""
    producers: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class View:
    """A tensor's last axis as channels of a space: index i is channel i mod the space's size."""

    space: Space
    repeat: int = 1


@dataclass(frozen=True)
class Use:
    """A layer with weights that run over channels, and the views of its input and output."""

    layer: Any
    input: View
    output: View


class ChannelSpaces:
    """The spaces of a functional Keras model, found by following its operations in order."""

    def __init__(self, model: Any) -> None:
        self.uses: list[Use] = []
        self.notes: list[str] = []
        self._views: dict[int, View] = {}
        self._united: dict[Space, Space] = {}
        for tensor in model.inputs:
            self._views[id(tensor)] = View(Space(_channels(tensor), "it is the model's input"))
        for operation in model.operations:
            if type(operation).__name__ != "InputLayer":
                self._follow(operation)
        for tensor in model.outputs:
            self._freeze(self._view(tensor), "it is the model's output")

    def space(self, view: View) -> Space:
        """The space that stands for all those united with the view's."""
        space = view.space
        while space in self._united:
            space = self._united[space]
        return space

    def prunable(self) -> list[Space]:
        """The spaces whose channels can be taken away, in the model's order."""
        found: dict[Space, None] = {}
        for use in self.uses:
            space = self.space(use.output)
            if space.producers and not space.frozen:
                found[space] = None
        return list(found)

    def _follow(self, operation: Any) -> None:
        nodes = operation._inbound_nodes
        why = "it is used more than once" if len(nodes) > 1 else _why_not(operation)
        inputs = [tensor for node in nodes for tensor in node.input_tensors]
        outputs = [tensor for node in nodes for tensor in node.output_tensors]
        kind = type(operation).__name__
        if not why and kind in MERGES:
            why = self._merge(inputs, outputs[0])
        elif not why and kind == "Flatten":
            view = self._view(inputs[0])
            repeat = _channels(outputs[0]) // self.space(view).size
            self._views[id(outputs[0])] = View(view.space, repeat)
        elif not why:
            view = self._view(inputs[0])
            made = kind in PRODUCERS
            output = View(Space(_channels(outputs[0]))) if made else view
            self._views[id(outputs[0])] = output
            if made:
                output.space.producers.append(operation)
                output.space.frozen = _activation_finding(operation)
            if kind in AXES:
                self.uses.append(Use(operation, view, output))
        if why:
            self.notes.append(f"left alone: {operation.name} ({kind}), {why}")
            for tensor in (*inputs, *outputs):
                self._freeze(self._view(tensor), f"{operation.name} ({kind}) needs it")

    def _merge(self, inputs: Sequence[Any], output: Any) -> str:
        """Unite the inputs' spaces; returns why that is not possible, or ""."""
        views = [self._view(tensor) for tensor in inputs]
        if len({_channels(tensor) for tensor in (*inputs, output)}) > 1:
            return "its inputs have unequal numbers of channels"
        if len({view.repeat for view in views}) > 1:
            return "only a part of its inputs is flattened"
        first = self.space(views[0])
        for view in views[1:]:
            other = self.space(view)
            if other is not first:
                self._united[other] = first
                first.frozen = first.frozen or other.frozen
                first.producers += other.producers
        self._views[id(output)] = View(first, views[0].repeat)
        return ""

    def _view(self, tensor: Any) -> View:
        return self._views.setdefault(id(tensor), View(Space(_channels(tensor))))

    def _freeze(self, view: View, reason: str) -> None:
        space = self.space(view)
        space.frozen = space.frozen or reason


def _channels(tensor: Any) -> int:
    return int(tensor.shape[-1] or 0) if tensor.shape else 0


def _why_not(operation: Any) -> str:
    """Why the channels cannot be followed through `operation`, or ""."""
    kind = type(operation).__name__
    if not type(operation).__module__.startswith("keras."):
        return "its class is not Keras's own"
    if kind not in (*PRODUCERS, *PASSING, *MERGES, "Flatten"):
        return "channels are not followed through this class"
    if getattr(operation, "data_format", "channels_last") != "channels_last":
        return "its channels are not last"
    if kind == "Conv2D" and operation.groups != 1:
        return f"it has {operation.groups} groups"
    if kind in ("DepthwiseConv2D", "SeparableConv2D") and operation.depth_multiplier != 1:
        return f"it has depth multiplier {operation.depth_multiplier}"
    if kind == "BatchNormalization" and operation.axis not in (-1, len(operation.input.shape) - 1):
        return f"it normalises axis {operation.axis}"
    if kind == "ReLU" and operation.threshold:
        return f"it has threshold {operation.threshold:g}"
    if kind == "Flatten" and _channels(operation.output) == 0:
        return "its size is not known"
    return "" if kind in PRODUCERS else _activation_finding(operation)


def _activation_finding(operation: Any) -> str:
    activation = getattr(operation, "activation", None)
    name = getattr(activation, "__name__", "linear")
    return "" if name in ZERO_TO_ZERO else f"its activation {name} does not keep zero"
