"""ADD."""

from __future__ import annotations

from dataclasses import dataclass

from tinyflow.compiler.graph import Graph, Node, Tensor, array
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import Constant, KernelCall, Op, Overlap, in_place
from tinyflow.compiler.quantmath import (
    ACTIVATION_BOUNDS,
    ADD_LEFT_SHIFT,
    add_scales,
    quantize_multiplier,
)

MAX_RANK = 4


@dataclass(frozen=True)
class _Dimension:
    """An extent of the output, and whether either input is dense along it."""

    extent: int
    dense: tuple[bool, bool]


def one_computed(graph: Graph, node: Node) -> str | None:
    """At least one input is not a constant."""
    tensors = [graph.activation(node, position) for position in (0, 1)]
    if all(tensor.data is not None for tensor in tensors):
        return f"constants {tensors[0].name} and {tensors[1].name}"
    return None


def broadcast(graph: Graph, node: Node) -> str | None:
    """The inputs have one shape, or up to four dimensions that are equal or 1 in one of them."""
    first, second = graph.activation(node, 0), graph.activation(node, 1)
    output = graph.output(node)
    made = f"{rules.shape(first)} and {rules.shape(second)} became {rules.shape(output)}"
    if first.shape == second.shape:
        return None if output.shape == first.shape else made
    if len(output.shape) > MAX_RANK:
        return made
    shapes = [_extended(tensor, len(output.shape)) for tensor in (first, second)]
    if any(len(shape) != len(output.shape) for shape in shapes):
        return made
    for a, b, c in zip(*shapes, output.shape, strict=True):
        if not (a == b or 1 in (a, b)) or c != max(a, b):
            return made
    return None


def small_output_factor(graph: Graph, node: Node) -> str | None:
    """Twice the larger input scale is under 2^20 times the output scale."""
    factor = _factors(graph, node)[2]
    if factor < 1.0 and quantize_multiplier(factor).shift <= 0:
        return None
    return f"{factor * 2**ADD_LEFT_SHIFT:g} times"


def _factors(graph: Graph, node: Node) -> tuple[float, float, float]:
    first, second = (rules.quantization(graph.activation(node, i)) for i in (0, 1))
    return add_scales(first.scale, second.scale, rules.quantization(graph.output(node)).scale)


def _extended(tensor: Tensor, rank: int) -> tuple[int, ...]:
    return (1,) * (rank - len(tensor.shape)) + tensor.shape


def _dimensions(graph: Graph, node: Node) -> list[_Dimension]:
    """The output's dimensions, outermost first; neighbours that broadcast alike are merged."""
    output = graph.output(node).shape
    shapes = [_extended(graph.activation(node, i), len(output)) for i in (0, 1)]
    merged: list[_Dimension] = []
    for extent, first, second in zip(output, *shapes, strict=True):
        if extent == 1:
            continue
        dense = (first == extent, second == extent)
        if merged and merged[-1].dense == dense:
            merged[-1] = _Dimension(merged[-1].extent * extent, dense)
        else:
            merged.append(_Dimension(extent, dense))
    return merged


def _strides(dimensions: list[_Dimension], position: int) -> list[int]:
    strides: list[int] = []
    step = 1
    for dimension in reversed(dimensions):
        strides.append(step if dimension.dense[position] else 0)
        step *= dimension.extent if dimension.dense[position] else 1
    return strides[::-1]


class Add(Op):
    """The sum of two tensors, with broadcasting; one of them may be a constant."""

    name = "ADD"
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        rules.activations(0, 1),
        one_computed,
    )
    constraints = (
        broadcast,
        small_output_factor,
        rules.fused_activation(tuple(ACTIVATION_BOUNDS)),
    )

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        size = graph.output(node).elements
        computed = (i for i in dict.fromkeys(node.inputs) if graph.tensors[i].data is None)
        return in_place(node, *(i for i in computed if graph.tensors[i].elements == size))

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        order = (0, 1) if graph.activation(node, 0).data is None else (1, 0)
        dimensions = _dimensions(graph, node)
        padded = [_Dimension(1, (True, True))] * (MAX_RANK - len(dimensions)) + dimensions
        factors = _factors(graph, node)
        params = [(f"extent_{i}", dimension.extent) for i, dimension in enumerate(padded)]
        for name, position in zip(("input1", "input2"), order, strict=True):
            quantized = rules.quantization(graph.activation(node, position))
            multiplier = quantize_multiplier(factors[position])
            strides = enumerate(_strides(padded, position))
            params += [(f"{name}_stride_{i}", stride) for i, stride in strides]
            params += [
                (f"{name}_offset", -quantized.zero_point),
                (f"{name}_multiplier", multiplier.value),
                (f"{name}_shift", multiplier.shift),
            ]
        output = rules.quantization(graph.output(node))
        multiplier = quantize_multiplier(factors[2])
        low, high = rules.output_bounds(graph, node)
        params += [
            ("left_shift", ADD_LEFT_SHIFT),
            ("output_offset", output.zero_point),
            ("output_multiplier", multiplier.value),
            ("output_shift", multiplier.shift),
            ("activation_min", low),
            ("activation_max", high),
        ]
        second = graph.activation(node, order[1])
        is_constant = second.data is not None
        return (
            KernelCall(
                function="tnf_add_constant_s8" if is_constant else "tnf_add_s8",
                header="tnf_add.h",
                kernels=("add_constant_s8",) if is_constant else ("add_s8",),
                params_type="tnf_add_t",
                params=tuple(params),
                constants=(Constant("constant", "int8_t", array(second)),) if is_constant else (),
                inputs=(node.inputs[order[0]],) if is_constant else node.inputs,
                outputs=node.outputs,
            ),
        )


OPS = (Add,)
