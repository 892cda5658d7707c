"""Random networks of layers that can be computed by rows, high and narrow, with odd sizes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from layered_graph import LayeredGraph, is_supported

from tinyflow.compiler.graph import Graph, Quantization
from tinyflow.compiler.memory import plan_memory
from tinyflow.compiler.steps import Step
from tinyflow.compiler.streaming.choose import Chosen
from tinyflow.compiler.streaming.compose import MAX_STAGES, chain, over_input

MAX_HEIGHT = 14


class RowNetwork(LayeredGraph):
    """A network that grows by one random layer, or one block of layers, at a time."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        height, width, depth = (self.chance.randint(1, most) for most in (MAX_HEIGHT, 4, 4))
        super().__init__((1, height, width, depth))
        for _ in range(self.chance.randint(2, 6)):
            kinds = (self.conv, self.conv, self.depthwise, self.pool, self.relu, self.residual)
            self.chance.choice((*kinds, self.shortcut))()

    def conv(self, size: int = 4, stride: int | None = None, padding: str | None = None) -> None:
        options, filters, output = self.window(size, stride, padding, dilated=True)
        shape = (self.chance.randint(1, 5), *filters, self.shape(self.last)[3])
        self.layer("CONV_2D", shape, (1, *output, shape[0]), options)

    def depthwise(self) -> None:
        options, filters, output = self.window(4, None, None, dilated=True)
        options["depth_multiplier"] = self.chance.choice((1, 1, 2))
        outputs = self.shape(self.last)[3] * options["depth_multiplier"]
        self.layer("DEPTHWISE_CONV_2D", (1, *filters, outputs), (1, *output, outputs), options)

    def pool(self) -> None:
        options, filters, output = self.window(3, None, None, dilated=False)
        names = dict(zip(("filter_height", "filter_width"), filters, strict=True))
        op = self.chance.choice(("AVERAGE_POOL_2D", "MAX_POOL_2D"))
        self.grow(op, (self.last,), (*output, self.shape(self.last)[3]), **options, **names)

    def relu(self) -> None:
        self.grow("RELU", (self.last,), self.shape(self.last)[1:])

    def residual(self) -> None:
        """The sum of the last tensor and another of its shape, or of one value per channel."""
        shape = self.shape(self.last)
        made = (0, *(node.outputs[0] for node in self.nodes))
        other = self.chance.choice([i for i in made if self.shape(i) == shape])
        if self.chance.random() < 0.2:
            values = self.numbers.integers(-128, 128, shape[3]).astype(np.int8)
            other = self.constant(values, Quantization((0.25,), (7,)))
        self.grow("ADD", (self.last, other), shape[1:])

    def shortcut(self) -> None:
        """Two convolutions and a 1x1 beside them, as in a ResNet."""
        start, stride = self.last, self.chance.randint(1, 2)
        self.conv(3, stride, "SAME")
        self.conv(3, 1, "SAME")
        long, channels = self.last, self.shape(self.last)[3]
        self.last = start
        options, filters, output = self.window(1, stride, "SAME", dilated=False)
        shape = (channels, *filters, self.shape(start)[3])
        self.layer("CONV_2D", shape, (1, *output, channels), options)
        if self.shape(self.last) == self.shape(long):
            self.grow("ADD", self.chance.sample((self.last, long), 2), self.shape(long)[1:])

    def window(
        self, most: int, stride: int | None, padding: str | None, *, dilated: bool
    ) -> tuple[dict[str, Any], list[int], list[int]]:
        """Options, filter sizes and output sizes over the last tensor."""
        padding = padding or self.chance.choice(("SAME", "SAME", "VALID"))
        options: dict[str, Any] = {"padding": padding}
        filters, output = [], []
        for name, extent in zip("hw", self.shape(self.last)[1:3], strict=True):
            size, dilation = self.chance.randint(1, most), 1
            if dilated and self.chance.random() < 0.3:
                dilation = self.chance.randint(1, 3)
            if padding == "VALID":
                size = min(size, (extent - 1) // dilation + 1)
            step = stride or self.chance.choice((1, 1, 1, 2, 3))
            options |= {f"stride_{name}": step, f"dilation_{name}_factor": dilation}
            covered = extent if padding == "SAME" else extent - (size - 1) * dilation
            filters.append(size)
            output.append(-(-covered // step))
        if not dilated:
            options = {key: value for key, value in options.items() if "dilation" not in key}
        return options, filters, output

    def layer(
        self, op: str, weights: Sequence[int], shape: Sequence[int], options: dict[str, Any]
    ) -> None:
        values = self.numbers.integers(-127, 128, weights)
        bias = self.numbers.integers(-500, 500, shape[-1])
        found = Quantization((0.5,), (self.chance.randint(-128, 127),))
        self.weighted(op, values, bias, shape, found, **options)

    def grow(self, op: str, inputs: Sequence[int], shape: Sequence[int], **options: Any) -> None:
        self.add(op, inputs, (1, *shape), **options)


def row_network(seed: int) -> Graph:
    """A network of which tinyflow takes every node."""
    net = RowNetwork(seed)
    graph = net.graph()
    assert all(is_supported(graph, node) for node in graph.nodes)
    return graph


def forced(graph: Graph, steps: Sequence[Step], seed: int) -> Chosen:
    """The steps with random chains and layers over their inputs, whether they help or not."""
    draw = random.Random(seed)
    made: list[Step] = []
    while steps:
        wanted = draw.randint(1, MAX_STAGES)
        found: Step | None = None
        for count in range(min(wanted, len(steps)), 1, -1):
            found = chain(graph, steps[:count], copied=draw.random() < 0.5)
            if found is not None:
                break
        taken = len(found.parts) if found is not None else 1
        made.append(found or over_input(graph, steps[0]))
        steps = steps[taken:]
    return Chosen(tuple(made), plan_memory(graph, made))
