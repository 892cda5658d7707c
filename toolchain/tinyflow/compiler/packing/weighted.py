"""A node with constant weights as packers see it: numbers in int64, scales per channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.ops.op import KernelCall

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tinyflow.compiler.steps import Step

Kind = Literal["conv", "depthwise", "fully_connected"]
KINDS: dict[str, Kind] = {
    "tnf_conv_2d_s8": "conv",
    "tnf_depthwise_conv_2d_s8": "depthwise",
    "tnf_fully_connected_s8": "fully_connected",
}
INT8_MIN, INT8_MAX = -128, 127
SIZES = (
    "batches",
    "input_height",
    "input_width",
    "input_channels",
    "output_height",
    "output_width",
)
"""What the parameters of kernels for images begin with."""


@dataclass(frozen=True, eq=False)
class Weighted:
    """Sums of products with constant weights, of int8 activations.

    `weights` are [output channels, filter height, filter width, input channels of the group]: of a
    depthwise convolution the last is 1, of a fully connected layer both sizes are 1. A sum is
    bias + weights * (input + input_offset); `folded` is the bias with input_offset * weights in it,
    so a sum is also folded + weights * input, where padding counts as -input_offset. `low` and
    `high` bound every sum that an input can reach, and all on the way to it, whether from the bias
    or from the folded one. `multiplier` and `shift` have one entry per output channel. Sizes that
    a fully connected layer has not are 1, its rows are the output height.
    """

    kind: Kind
    call: KernelCall
    weights: NDArray[np.int64]
    bias: NDArray[np.int64]
    multiplier: NDArray[np.int64]
    shift: NDArray[np.int64]
    batches: int
    input_height: int
    input_width: int
    input_channels: int
    output_height: int
    output_width: int
    groups: int
    depth_multiplier: int
    stride_height: int
    stride_width: int
    dilation_height: int
    dilation_width: int
    pad_top: int
    pad_left: int
    input_offset: int
    output_offset: int
    activation_min: int
    activation_max: int

    @property
    def input_zero_point(self) -> int:
        return -self.input_offset

    @property
    def output_channels(self) -> int:
        return int(self.weights.shape[0])

    @property
    def filter_height(self) -> int:
        return int(self.weights.shape[1])

    @property
    def filter_width(self) -> int:
        return int(self.weights.shape[2])

    @property
    def filter_channels(self) -> int:
        return int(self.weights.shape[3])

    @property
    def flat(self) -> NDArray[np.int64]:
        """The weights as [output channels, values summed up]."""
        return self.weights.reshape(self.output_channels, -1)

    @property
    def folded(self) -> NDArray[np.int64]:
        """[output channels]"""
        folded: NDArray[np.int64] = self.bias + self.input_offset * self.flat.sum(1)
        return folded

    @property
    def low(self) -> NDArray[np.int64]:
        """[output channels]: no sum is less, nor is one on the way to it from the bias."""
        return self._reach(np.minimum)

    @property
    def high(self) -> NDArray[np.int64]:
        """[output channels]: no sum is greater, nor is one on the way to it from the bias."""
        return self._reach(np.maximum)

    def _reach(self, extreme: np.ufunc) -> NDArray[np.int64]:
        least = self.flat * (INT8_MIN + self.input_offset)
        greatest = self.flat * (INT8_MAX + self.input_offset)
        found: NDArray[np.int64] = self.bias + extreme(extreme(least, greatest), 0).sum(1)
        return found

    @property
    def clamps(self) -> bool:
        """Whether the activation cuts off a part of int8."""
        return (self.activation_min, self.activation_max) != (INT8_MIN, INT8_MAX)

    def fields(self, *names: str) -> tuple[tuple[str, int], ...]:
        """Parameters of a kernel that are called as they are here."""
        return tuple((name, int(getattr(self, name))) for name in names)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of an inference."""
        pixels = self.batches * self.output_height * self.output_width
        return pixels * int(self.weights.size)


def weighted(graph: Graph, step: Step) -> Weighted | None:
    """The step as sums of products; None where it is none with int8 weights and activations."""
    if len(step.calls) != 1 or step.calls[0].function not in KINDS:
        return None
    call = step.calls[0]
    kind = KINDS[call.function]
    params = {name: int(value) for name, value in call.params}
    constants = {constant.field: constant.data.astype(np.int64) for constant in call.constants}
    if kind == "depthwise":
        outputs = params["input_channels"] * params["depth_multiplier"]
        taps = constants["weights"].reshape(params["filter_height"], params["filter_width"], -1)
        weights = np.moveaxis(taps, -1, 0)[..., np.newaxis]
    elif kind == "conv":
        outputs = params["output_channels"]
        sizes = [params[f"filter_{name}"] for name in ("height", "width", "channels")]
        weights = constants["weights"].reshape(outputs, *sizes)
    else:
        outputs = params["output_depth"]
        weights = constants["weights"].reshape(outputs, 1, 1, params["input_depth"])
    channels = params.get("input_channels", params.get("input_depth", 1))
    return Weighted(
        kind,
        call,
        weights,
        constants["bias"].reshape(-1) if "bias" in constants else np.zeros(outputs, np.int64),
        np.broadcast_to(constants["multiplier"], (outputs,)),
        np.broadcast_to(constants["shift"], (outputs,)),
        batches=params.get("batches", 1),
        input_height=params.get("input_height", params.get("rows", 1)),
        input_width=params.get("input_width", 1),
        input_channels=channels,
        output_height=params.get("output_height", params.get("rows", 1)),
        output_width=params.get("output_width", 1),
        groups=channels // params["filter_channels"] if kind == "conv" else 1,
        depth_multiplier=params.get("depth_multiplier", 1),
        stride_height=params.get("stride_height", 1),
        stride_width=params.get("stride_width", 1),
        dilation_height=params.get("dilation_height", 1),
        dilation_width=params.get("dilation_width", 1),
        pad_top=params.get("pad_top", 0),
        pad_left=params.get("pad_left", 0),
        input_offset=params["input_offset"],
        output_offset=params["output_offset"],
        activation_min=params["activation_min"],
        activation_max=params["activation_max"],
    )
