"""Sums of products with constant weights: their range, and how they become outputs.

int8 activations have sums of 32 bits, scaled by a multiplier of 31 bits and rounded twice. With
int16 activations sums have 64 bits, are scaled by 15 bits of the multiplier, and rounded once;
unless the bias has 32 bits, which makes them as those of int8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.ops.weights import BIAS, WEIGHTS, convolution_factors
from tinyflow.compiler.quantmath import (
    INT32_MAX,
    INT32_MIN,
    INTEGER_RANGES,
    Multiplier,
    quantize_multiplier,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDE_MIN, WIDE_MAX = -(2**47), 2**47 - 1
WIDE_MAX_SHIFT = 7
WIDE_MULTIPLIER_BITS = 15
CONV_HEADERS = {"s8": "tnf_conv.h", "s4": "tnf_conv.h", "s16": "tnf_conv_s16.h"}
"""The headers of kernels by the types that these have."""
BY_ROWS = ("conv_2d", "depthwise_conv_2d")
"""Operators of which there are kernels that compute single rows."""


def is_wide(graph: Graph, node: Node) -> bool:
    """Whether sums have 64 bits.

    Without a bias the option quantized_bias_type decides for int16; CONV_2D and its sums of 32
    bits follow TensorFlow Lite Micro there, as LiteRT refuses it.
    """
    if graph.activation(node, 0).dtype != "int16":
        return False
    bias = graph.input(node, BIAS)
    if bias is not None:
        return bias.dtype == "int64"
    return node.op != "CONV_2D" and node.options.get("quantized_bias_type") != "INT32"


def unexpected_range(graph: Graph, node: Node, weights: NDArray[np.int64]) -> str | None:
    """What is found where some input can take a sum out of 32 bits, or of 48 where it has 64.

    `weights` is [channels, values summed up]. A padded position adds nothing, which is what an
    input at its zero point adds; so these bounds hold for partial sums as well.
    """
    least, greatest = (WIDE_MIN, WIDE_MAX) if is_wide(graph, node) else (INT32_MIN, INT32_MAX)
    bias = graph.input(node, BIAS)
    start = np.zeros(len(weights), np.int64)
    if bias is not None:
        if bias.elements != len(weights):
            return None  # told by its own rule
        start = array(bias).reshape(-1).astype(np.int64)
    if not least <= int(start.min()) <= int(start.max()) <= greatest:
        channel = int(start.argmax() if start.max() > greatest else start.argmin())
        return f"a bias of {int(start[channel])} in channel {channel}"
    source = graph.activation(node, 0)
    zero_point = rules.quantization(source).zero_point
    low, high = (end - zero_point for end in INTEGER_RANGES[source.dtype])
    positive = np.maximum(weights, 0).sum(1)
    negative = np.minimum(weights, 0).sum(1)
    largest = np.maximum(start, 0) + positive * high + negative * low
    smallest = np.minimum(start, 0) + positive * low + negative * high
    if largest.max() > greatest:
        return f"{int(largest.max())} in channel {int(largest.argmax())}"
    if smallest.min() < least:
        return f"{int(smallest.min())} in channel {int(smallest.argmin())}"
    return None


def large_factor(graph: Graph, node: Node) -> str | None:
    """Input scale times weight scale over output scale is under 2^30, under 2^7 with 64-bit sums"""
    return unexpected_factor(graph, node, convolution_factors(graph, node))


def unexpected_factor(graph: Graph, node: Node, factors: Sequence[float]) -> str | None:
    """What is found where a factor is none that a multiplier for the node's sums can hold."""
    largest = max(factors)
    found = rules.multiplier_found(largest, "factor")
    if found is None and is_wide(graph, node):
        found = wide_multiplier_found(largest)
    return found


def wide_multiplier_found(factor: float) -> str | None:
    """What is found where a factor is none for sums of 64 bits."""
    fits = quantize_multiplier(factor).shift <= WIDE_MAX_SHIFT
    return None if fits else f"factor {factor:g} with 64-bit sums"


def wide_multiplier(multiplier: Multiplier) -> tuple[int, int]:
    """15 bits of a multiplier and the right shift that goes with them, 8 to 46.

    The multiplier's shift is at most 7. Rounded up it would need another bit, so it saturates.
    """
    value = (multiplier.value + (1 << 15)) >> 16
    return min(value, (1 << WIDE_MULTIPLIER_BITS) - 1), WIDE_MULTIPLIER_BITS - multiplier.shift


def scale_constants(factors: Sequence[float], *, wide: bool = False) -> tuple[Constant, Constant]:
    """The factors as the constants `multiplier` and `shift` of a kernel call."""
    multipliers = [quantize_multiplier(factor) for factor in factors]
    pairs = [wide_multiplier(m) if wide else (m.value, m.shift) for m in multipliers]
    values, shifts = zip(*pairs, strict=True)
    return (
        Constant("multiplier", "int32_t", np.array(values, np.int32)),
        Constant("shift", "int8_t", np.array(shifts, np.int8)),
    )


def packed(values: NDArray[np.generic]) -> NDArray[np.int8]:
    """Values from -8 to 7, two in a byte, the first in its lower half."""
    halves = np.append(values.astype(np.int8), np.zeros(values.size % 2, np.int8)) & 15
    return (halves[::2] | halves[1::2] << 4).astype(np.uint8).view(np.int8)


def kernel_call(
    graph: Graph,
    node: Node,
    name: str,
    sizes: Sequence[tuple[str, int]],
    factors: Sequence[float],
    headers: Mapping[str, str] = CONV_HEADERS,
) -> KernelCall:
    """The call of the kernel `name` for the types of input 0 and the weights.

    `sizes` are the parameters that are the operator's own, `factors` from sums to outputs. Weights
    of 4 bits stay packed where `headers` know a kernel for them, else they become int8.
    """
    source, weights = graph.activation(node, 0), graph.activation(node, WEIGHTS)
    bias = graph.input(node, BIAS)
    wide = is_wide(graph, node)
    low, high = rules.output_bounds(graph, node)
    kind = {"int4": "s4"}.get(weights.dtype, "s8")
    values, params_type = array(weights), f"tnf_{name}_t"
    params = [("activation_min", low), ("activation_max", high)]
    params.append(("scale_step", int(len(factors) > 1)))
    bias_type = "int32_t"
    if source.dtype == "int16":
        kind, params_type, bias_type = "s16", f"tnf_{name}_s16_t", "int64_t"
        params.append(("wide", int(wide)))
    else:
        offsets = (
            ("input_offset", -rules.quantization(source).zero_point),
            ("output_offset", rules.quantization(graph.output(node)).zero_point),
        )
        params = [*offsets, *params]
        kind = kind if kind in headers else "s8"
    if kind == "s4":
        values = packed(values)
    constants = [Constant("weights", "int8_t", values)]
    if bias is not None:
        data = array(bias).reshape(-1).astype(bias_type.removesuffix("_t"))
        constants.append(Constant("bias", bias_type, data))
    return KernelCall(
        function=f"tnf_{name}_{kind}",
        header=headers[kind],
        kernels=(f"{name}_{kind}",),
        params_type=params_type,
        params=(*sizes, *params),
        constants=(*constants, *scale_constants(factors, wide=wide)),
        inputs=(node.inputs[0],),
        outputs=node.outputs,
        by_rows=f"tnf_{name}_rows_{kind}" if name in BY_ROWS else "",
    )
