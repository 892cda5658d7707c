"""Random networks as kernels of fast backends meet them: wide layers, odd channels, any border."""

from __future__ import annotations

import random

import numpy as np
from row_networks import RowNetwork

from tinyflow.compiler.graph import Graph, Quantization

CHANNELS = (1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 20, 24, 32, 33, 40)
ZERO_POINTS = (-128, -128, -128, -128, 5, 127)
MOST_MACS = 400_000


class KernelNetwork(RowNetwork):
    """Convolutions, depthwise convolutions, pools and sums, and a classifier at the end."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        height, width = self.chance.randint(1, 12), self.chance.randint(1, 11)
        super(RowNetwork, self).__init__((1, height, width, self.chance.choice((1, 3, 4, 8, 10))))
        for _ in range(self.chance.randint(2, 6)):
            layers = (self.conv, self.pointwise, self.depthwise, self.depthwise_3x3, self.conv_3x3)
            self.chance.choice((*layers, self.pointwise, self.pool, self.shortcut))()
        self.classifier()

    def conv(self, size: int = 5, stride: int | None = None, padding: str | None = None) -> None:
        dilated = self.chance.random() < 0.1
        options, filters, output = self.window(size, stride, padding, dilated=dilated)
        self.filters(filters, output, options)

    def conv_3x3(self) -> None:
        self.square(3, self.chance.choice((1, 1, 2)))

    def pointwise(self) -> None:
        self.square(1, self.chance.choice((1, 1, 1, 2)))

    def square(self, size: int, stride: int) -> None:
        output = [-(-extent // stride) for extent in self.shape(self.last)[1:3]]
        options = {"padding": "SAME", "stride_h": stride, "stride_w": stride}
        self.filters([size, size], output, options)

    def filters(self, filters: list[int], output: list[int], options: dict[str, object]) -> None:
        channels, depth = self.chance.choice(CHANNELS), self.shape(self.last)[3]
        while int(np.prod((*filters, *output, channels, depth))) > MOST_MACS:
            channels = -(-channels // 2)
        shape = (channels, *filters, depth)
        self.layer("CONV_2D", shape, (1, *output, channels), options)

    def depthwise_3x3(self) -> None:
        stride = self.chance.choice((1, 1, 2))
        channels = self.shape(self.last)[3]
        output = [-(-extent // stride) for extent in self.shape(self.last)[1:3]]
        options = {"padding": "SAME", "stride_h": stride, "stride_w": stride}
        options["depth_multiplier"] = 1
        shape = (1, 3, 3, channels)
        self.layer("DEPTHWISE_CONV_2D", shape, (1, *output, channels), options)

    def layer(self, op, weights, shape, options) -> None:  # type: ignore[no-untyped-def]
        values = np.clip(np.rint(self.numbers.normal(0, 40, weights)), -127, 127).astype(int)
        if self.chance.random() < 0.2:
            values[self.numbers.random(weights) < 0.7] = 0
        if self.chance.random() < 0.05:
            values.reshape(-1)[0] = -128
        bias = self.numbers.integers(-2000, 2000, shape[-1])
        found = Quantization((0.9,), (self.chance.choice(ZERO_POINTS),))
        self.weighted(op, values, bias, shape, found, **options)

    def classifier(self) -> None:
        depth = int(np.prod(self.shape(self.last)))
        units = self.chance.choice((1, 2, 3, 10, 12, 33))
        values = np.clip(np.rint(self.numbers.normal(0, 40, (units, depth))), -127, 127)
        bias = self.numbers.integers(-2000, 2000, units)
        found = Quantization((4.0,), (self.chance.choice(ZERO_POINTS),))
        self.weighted("FULLY_CONNECTED", values.astype(int), bias, (1, units), found)


def kernel_network(seed: int) -> Graph:
    """A network of which tinyflow takes every node."""
    return KernelNetwork(seed).graph()
