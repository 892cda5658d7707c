"""Random networks of many layers, made so that passes find something to do in them.

Filters with zeros for whole outputs and whole inputs, biases that drive a channel to its bound,
constants, pads before convolutions, activations of their own, reshapes and transposes that do
nothing, and scales and zero points at their ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from layered_graph import LayeredGraph, is_supported
from numpy.typing import NDArray

from tinyflow.compiler.graph import ABSENT, Graph, Quantization
from tinyflow.compiler.quantmath import float32

Values = NDArray[Any]
FUSED = ("NONE", "NONE", "RELU", "RELU6", "RELU_N1_TO_1")
CURVES = ("ABS", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "PRELU")
MAX_CHANNELS = 12


class RandomNetwork(LayeredGraph):
    """A network that grows by one random layer at a time."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        shape = (1, self.size(3, 7), self.size(2, 6), self.size(1, 4))
        super().__init__(shape, self.quantization())
        self.earlier: list[int] = []

    def size(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def one_of(self, values: Sequence[Any]) -> Any:
        return values[self.size(0, len(values) - 1)]

    def quantization(self) -> Quantization:
        zero_point = self.one_of((-128, -128, 0, 127, self.size(-128, 127)))
        scale = self.one_of((0.05, 0.03, float(np.exp(self.rng.uniform(-7, 1)))))
        return Quantization((float32(scale),), (zero_point,))

    def node(
        self,
        op: str,
        inputs: Sequence[int],
        shape: Sequence[int],
        found: Quantization,
        **options: Any,
    ) -> None:
        """Add the node if tinyflow takes it."""
        before = self.last
        self.add(op, inputs, shape, found, **options)
        graph = Graph(tuple(self.tensors), tuple(self.nodes), (), ())
        if is_supported(graph, self.nodes[-1]):
            self.earlier.append(before)
        else:
            self.nodes.pop()
            self.last = before

    def network(self) -> Graph:
        """The graph with the last tensor as output, and sometimes one more."""
        written = [node.outputs[0] for node in self.nodes]
        outputs = [self.last] if self.last in written else written[-1:]
        if self.chance(0.2):
            outputs.append(self.one_of(written))
        return self.graph(*dict.fromkeys(outputs))

    def layer(
        self, op: str, values: Values, axis: int, shape: Sequence[int], **options: Any
    ) -> None:
        """A layer with weights int8 `values`, whose outputs are along `axis`."""
        outputs = values.shape[axis]
        count = self.one_of((1, outputs))
        source = self.same(self.last).scale
        found = self.quantization()
        usual = 1 / (60.0 * np.sqrt(values.size / outputs))
        factors = usual * np.exp(self.rng.uniform(-1, 1, count))
        scales = tuple(float32(max(f * found.scale / source, 1e-30)) for f in factors)
        inputs = [self.last, self.constant(values, Quantization(scales, (0,) * count, axis))]
        if op != "FULLY_CONNECTED" or self.chance(0.7):
            bias = self.rng.integers(-4000, 4000, outputs)
            bias[self.rng.random(outputs) < 0.3] = 0
            driven = self.rng.random(outputs) < 0.2
            bias[driven] = self.one_of((-(1 << 24), 1 << 24))
            products = tuple(float32(source * scale) for scale in scales)
            quantized = Quantization(products, (0,) * count)
            inputs.append(self.constant(bias.astype(np.int32), quantized))
        else:
            inputs.append(ABSENT)
        activation = self.one_of(FUSED)
        self.node(op, inputs, shape, found, fused_activation_function=activation, **options)

    def sparse(self, shape: Sequence[int], *axes: int) -> Values:
        """Weights with zeros for some whole indices of `axes`."""
        values = self.rng.integers(-127, 128, shape)
        for axis in axes:
            gone = self.rng.random(shape[axis]) < self.one_of((0.0, 0.3, 0.6))
            values[(slice(None),) * axis + (gone,)] = 0
        return values.astype(np.int8)

    def window(self, most: int) -> tuple[list[int], list[int], dict[str, Any]]:
        """Filter sizes, output sizes and options over the last tensor."""
        padding = self.one_of(("SAME", "VALID"))
        filters, output = [], []
        options: dict[str, Any] = {"padding": padding}
        for name, extent in zip("hw", self.shape(self.last)[1:3], strict=True):
            size, stride = self.size(1, min(most, extent)), self.size(1, 2)
            options[f"stride_{name}"] = stride
            filters.append(size)
            output.append(-(-(extent if padding == "SAME" else extent - size + 1) // stride))
        return filters, output, options

    def conv_2d(self) -> None:
        filters, output, options = self.window(3)
        depth, outputs = self.shape(self.last)[3], self.size(1, MAX_CHANNELS)
        if self.chance(0.1) and depth % 2 == 0:
            depth, outputs = depth // 2, 2 * self.size(1, 4)
        values = self.sparse((outputs, *filters, depth), 0, 3)
        self.layer("CONV_2D", values, 0, (1, *output, outputs), **options)

    def depthwise(self) -> None:
        filters, output, options = self.window(3)
        multiplier = self.one_of((1, 1, 2))
        outputs = self.shape(self.last)[3] * multiplier
        if outputs > 2 * MAX_CHANNELS:
            return
        values = self.sparse((1, *filters, outputs), 3)
        options["depth_multiplier"] = multiplier
        self.layer("DEPTHWISE_CONV_2D", values, 3, (1, *output, outputs), **options)

    def residual(self) -> None:
        """ADD, MUL and the like: of an earlier tensor, of itself, of a constant."""
        op = self.one_of(("ADD", "ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"))
        shape = self.shape(self.last)
        selects = op in ("MAXIMUM", "MINIMUM")
        found = self.same(self.last) if selects or self.chance(0.5) else self.quantization()
        alike = [i for i in self.earlier if self.shape(i) == shape]
        alike = [i for i in alike if not selects or self.same(i) == found]
        if alike and self.chance(0.6):
            other = self.one_of(alike)
        elif self.chance(0.2):
            other = self.last
        else:
            parts = self.one_of((shape[-1:], (1,), shape))
            own = found if selects else self.quantization()
            other = self.constant(self.sparse(parts, len(parts) - 1), own)
        operands = [self.last, other]
        if self.chance(0.3):
            operands.reverse()
        fused = {"fused_activation_function": self.one_of(FUSED)}
        self.node(op, operands, shape, found, **({} if selects else fused))

    def function(self) -> None:
        """An operator of one value, or PRELU with a slope for each channel."""
        op = self.one_of(("RELU", "RELU6", "RELU_N1_TO_1", "QUANTIZE", "RELU", *CURVES))
        shape = self.shape(self.last)
        found = self.one_of((self.quantization(), self.same(self.last)))
        inputs, options = [self.last], {}
        if op == "LOGISTIC":
            found = Quantization((1 / 256,), (-128,))
        if op == "LEAKY_RELU":
            options["alpha"] = 0.25
        if op == "PRELU":
            slopes = self.sparse((1, 1, shape[-1]), 2)
            inputs.append(self.constant(slopes, self.quantization()))
        self.node(op, inputs, shape, found, **options)

    def pad(self) -> None:
        shape = self.shape(self.last)
        most = (0, 2, 2, self.one_of((0, 0, 2)))
        pairs = np.array([[self.size(0, m), self.size(0, m)] for m in most], np.int32)
        if self.chance(0.1):
            pairs[:] = 0
        padded = tuple(int(s + p.sum()) for s, p in zip(shape, pairs, strict=True))
        self.node("PAD", (self.last, self.constant(pairs)), padded, self.same(self.last))

    def pool(self) -> None:
        filters, output, options = self.window(self.one_of((1, 3)))
        names = dict(zip(("filter_height", "filter_width"), filters, strict=True))
        op = self.one_of(("AVERAGE_POOL_2D", "MAX_POOL_2D"))
        shape = (1, *output, self.shape(self.last)[3])
        self.node(op, (self.last,), shape, self.same(self.last), **options, **names)

    def reshape(self) -> None:
        """To itself, or with width and channels joined, or split again."""
        _, height, width, depth = self.shape(self.last)
        shapes = [(1, height, width, depth), (1, width, height, depth)]
        if width * depth <= 2 * MAX_CHANNELS:
            shapes.append((1, height, 1, width * depth))
        if depth % 2 == 0:
            shapes.append((1, height, width * 2, depth // 2))
        shape = self.one_of(shapes)
        new = self.constant(np.array(shape, np.int32))
        self.node("RESHAPE", (self.last, new), shape, self.same(self.last), new_shape=shape)

    def transpose(self) -> None:
        """One that moves nothing or something, and often the one that undoes it."""
        order = np.array(self.one_of(((0, 2, 1, 3), (1, 0, 2, 3), (0, 1, 3, 2))), np.int32)
        self.turn(order)
        if order[0] or self.chance(0.5):
            self.turn(order)

    def turn(self, order: NDArray[np.int32]) -> None:
        shape = tuple(self.shape(self.last)[axis] for axis in order)
        self.node("TRANSPOSE", (self.last, self.constant(order)), shape, self.same(self.last))

    def concatenation(self) -> None:
        shape, found = self.shape(self.last), self.same(self.last)
        alike = [
            i
            for i in self.earlier
            if self.shape(i)[:3] == shape[:3] and self.same(i) == found and i != self.last
        ]
        others = [self.one_of(alike)] if alike else []
        depth = shape[3] + sum(self.shape(i)[3] for i in others)
        if depth <= 2 * MAX_CHANNELS:
            self.node(
                "CONCATENATION",
                (self.last, *others),
                (*shape[:3], depth),
                found,
                axis=self.one_of((3, -1)),
                fused_activation_function="NONE",
            )

    def branch(self) -> None:
        """Go back: what comes next reads an earlier tensor, and the last stays to be joined."""
        images = [i for i in self.earlier if len(self.shape(i)) == 4]
        if images:
            self.earlier.append(self.last)
            self.last = self.one_of(images)

    def classify(self) -> None:
        """Mean or flattening, and one or two layers."""
        shape = self.shape(self.last)
        if self.chance(0.5):
            axes = self.constant(np.array([1, 2], np.int32))
            kept = self.chance(0.5)
            reduced = (1, 1, 1, shape[3]) if kept else (1, shape[3])
            self.node("MEAN", (self.last, axes), reduced, self.quantization(), keep_dims=kept)
        if self.chance(0.5):
            flat = (1, int(np.prod(self.shape(self.last))))
            new = self.constant(np.array([1, -1], np.int32))
            self.node("RESHAPE", (self.last, new), flat, self.same(self.last), new_shape=(1, -1))
        for _ in range(self.size(1, 2)):
            depth, outputs = int(np.prod(self.shape(self.last))), self.size(1, 8)
            values = self.sparse((outputs, depth), 0, 1)
            self.layer("FULLY_CONNECTED", values, 0, (1, outputs), keep_num_dims=False)


LAYERS = ("conv_2d", "conv_2d", "conv_2d", "depthwise", "depthwise", "residual", "function")
LAYERS += ("residual", "pad", "pool", "reshape", "transpose", "concatenation", "branch")


@st.composite
def random_networks(draw: Any) -> Graph:
    """Networks of 3 to 12 layers, and sometimes a classifier at the end."""
    network = RandomNetwork(draw(st.integers(0, 2**31)))
    for layer in draw(st.lists(st.sampled_from(LAYERS), min_size=3, max_size=12)):
        getattr(network, layer)()
    if draw(st.booleans()) or not network.nodes:
        network.classify()
    assume(network.nodes)
    return network.network()
