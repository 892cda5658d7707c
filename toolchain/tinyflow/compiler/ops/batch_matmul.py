"""BATCH_MATMUL."""

from __future__ import annotations

from dataclasses import dataclass

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import broadcast, rules, sums
from tinyflow.compiler.ops.op import Constant, KernelCall, Op
from tinyflow.compiler.quantmath import (
    INT32_MAX,
    INTEGER_RANGES,
    fully_connected_scale,
    quantize_multiplier,
)

MAX_BATCHES = 3
FIRST, SECOND = 0, 1


@dataclass(frozen=True)
class Matrices:
    """An operand as batches of matrices [rows, columns], transposed where the node says so.

    Strides are in elements: one for each batch dimension of the output, 0 where the operand is
    broadcast along it.
    """

    batches: tuple[int, ...]
    rows: int
    columns: int
    strides: tuple[int, ...]
    row_stride: int
    column_stride: int


def operand(graph: Graph, node: Node, position: int) -> Matrices:
    """The operand at `position`; it has two dimensions at least and five at most."""
    shape = graph.activation(node, position).shape
    shape = (1,) * (MAX_BATCHES + 2 - len(shape)) + shape
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * size)
    *batches, rows, columns = shape
    *outer, row_stride, column_stride = strides
    if node.options.get(("adj_x", "adj_y")[position], False):
        rows, columns = columns, rows
        row_stride, column_stride = column_stride, row_stride
    moving = tuple(stride if size > 1 else 0 for stride, size in zip(outer, batches, strict=True))
    return Matrices(tuple(batches), rows, columns, moving, row_stride, column_stride)


def few_dimensions(graph: Graph, node: Node) -> str | None:
    """Both inputs have 2 to 5 dimensions."""
    for position in (FIRST, SECOND):
        tensor = graph.activation(node, position)
        if not 2 <= len(tensor.shape) <= MAX_BATCHES + 2:
            return f"{tensor.name} is {rules.shape(tensor)}"
    return None


def product_shape(graph: Graph, node: Node) -> str | None:
    """Rows are as long as columns, and the output is what follows; batches of 1 are broadcast."""
    tensors = [graph.activation(node, position) for position in (FIRST, SECOND)]
    first, second = operand(graph, node, FIRST), operand(graph, node, SECOND)
    output = graph.output(node)
    made = f"{rules.shape(tensors[0])} and {rules.shape(tensors[1])} became {rules.shape(output)}"
    pairs = tuple(zip(first.batches, second.batches, strict=True))
    if first.columns != second.rows or any(a != b and 1 not in (a, b) for a, b in pairs):
        return made
    full = (*(max(pair) for pair in pairs), first.rows, second.columns)
    rank = max(len(tensor.shape) for tensor in tensors)
    return None if output.shape == full[-rank:] else made


def orderly_batches(graph: Graph, node: Node) -> str | None:
    """With adj_x a first input of several matrices (its third last size) meets no second of one."""
    shapes = [graph.activation(node, position).shape for position in (FIRST, SECOND)]
    if not node.options.get("adj_x", False) or min(map(len, shapes)) < 3:
        return None
    many, one = (shape[-3] for shape in shapes)
    return f"{many} matrices for {one}" if many > 1 and one == 1 else None


def real_factor(graph: Graph, node: Node) -> float:
    """The factor from a sum to the output; the runtime multiplies the inputs' scales in float32."""
    first, second = (rules.quantization(graph.activation(node, i)).scale for i in (FIRST, SECOND))
    return fully_connected_scale(first, second, rules.quantization(graph.output(node)).scale)


def large_factor(graph: Graph, node: Node) -> str | None:
    """The product of the inputs' scales over the output's is under 2^30, for int16 under 2^7."""
    factor = real_factor(graph, node)
    found = rules.multiplier_found(factor, "factor")
    if found is None and graph.output(node).dtype == "int16":
        found = sums.wide_multiplier_found(factor)
    return found


def accumulator(graph: Graph, node: Node) -> str | None:
    """No inputs can take a sum of int8 products out of 32 bits, nor one of int16 out of 48."""
    limit = INT32_MAX if graph.output(node).dtype == "int8" else sums.WIDE_MAX
    largest = operand(graph, node, FIRST).columns
    for position in (FIRST, SECOND):
        largest *= _largest(graph, node, position)
    return f"{largest}" if largest > limit else None


def _largest(graph: Graph, node: Node, position: int) -> int:
    """The greatest distance of the operand's values from their zero point."""
    tensor = graph.activation(node, position)
    low, high = INTEGER_RANGES[tensor.dtype]
    if tensor.data is not None:
        low, high = int(array(tensor).min()), int(array(tensor).max())
    zero_point = rules.quantization(tensor).zero_point
    return max(zero_point - low, high - zero_point)


class BatchMatMul(Op):
    """Products of matrices, with broadcasting of the batch dimensions.

    Either operand may be transposed (adj_x, adj_y), and either may be a constant. Products of int16
    are summed up in 64 bits and rounded once. Where a transposed first input is many matrices and
    the second one, the runtimes take the first for one matrix and multiply wrong rows; such a model
    is refused, and a TRANSPOSE before it takes the place of adj_x.
    """

    name = "BATCH_MATMUL"
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        rules.activations(FIRST, SECOND, types=("int8", "int16")),
        broadcast.one_computed,
        few_dimensions,
    )
    constraints = (product_shape, orderly_batches, large_factor, accumulator)

    def macs(self, graph: Graph, node: Node) -> int:
        return graph.output(node).elements * operand(graph, node, FIRST).columns

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        first, second = operand(graph, node, FIRST), operand(graph, node, SECOND)
        columns = second.columns
        sides = [
            (FIRST, first.strides, first.rows, first.row_stride, first.column_stride, columns),
            (SECOND, second.strides, columns, second.column_stride, second.row_stride, 1),
        ]
        if graph.activation(node, FIRST).data is not None:
            sides.reverse()  # the kernel's constant is its second operand
        (one, one_batches, rows, one_row, one_depth, output_row) = sides[0]
        (two, two_batches, width, two_column, two_depth, output_column) = sides[1]
        kind = "s8" if graph.output(node).dtype == "int8" else "s16"
        offsets = [-rules.quantization(graph.activation(node, i)).zero_point for i in (one, two)]
        multiplier = quantize_multiplier(real_factor(graph, node))
        value, shift = multiplier.value, multiplier.shift
        if kind == "s16":
            value, shift = sums.wide_multiplier(multiplier)
        batches = [max(pair) for pair in zip(first.batches, second.batches, strict=True)]
        constant = graph.activation(node, two).data
        name = "batch_matmul" if constant is None else "batch_matmul_constant"
        field, ctype = f"constant_{kind}", {"s8": "int8_t", "s16": "int16_t"}[kind]
        return (
            KernelCall(
                function=f"tnf_{name}_{kind}",
                header="tnf_matmul.h",
                kernels=(f"{name}_{kind}",),
                params_type="tnf_batch_matmul_t",
                params=(
                    *((f"batch_{i}", size) for i, size in enumerate(batches)),
                    ("rows", rows),
                    ("depth", first.columns),
                    ("columns", width),
                    *((f"first_batch_{i}", stride) for i, stride in enumerate(one_batches)),
                    ("first_row", one_row),
                    ("first_depth", one_depth),
                    *((f"second_batch_{i}", stride) for i, stride in enumerate(two_batches)),
                    ("second_depth", two_depth),
                    ("second_column", two_column),
                    ("output_row", output_row),
                    ("output_column", output_column),
                    ("first_offset", offsets[0]),
                    ("second_offset", offsets[1]),
                    ("output_offset", rules.quantization(graph.output(node)).zero_point),
                    ("multiplier", value),
                    ("shift", shift),
                ),
                constants=() if constant is None else (Constant(field, ctype, constant),),
                inputs=node.inputs if constant is None else (node.inputs[one],),
                outputs=node.outputs,
            ),
        )


OPS = (BatchMatMul,)
