"""UNIDIRECTIONAL_SEQUENCE_LSTM."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.graph import Graph, Node, Quantization, Tensor, array
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import Constant, KernelCall, Op
from tinyflow.compiler.ops.recurrent import bias_found, own_states, weights_found
from tinyflow.compiler.ops.sums import WIDE_MAX, scale_constants, wide_multiplier_found
from tinyflow.compiler.quantmath import (
    INT32_MAX,
    float32,
    power_of_two,
    product_scale,
    quantize_multiplier,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

INPUTS = 24
OLD_INPUTS = 20  # of files from before layer normalization
INPUT = 0
INPUT_WEIGHTS = (1, 2, 3, 4)  # of the gates: input, forget, cell, output
RECURRENT_WEIGHTS = (5, 6, 7, 8)
PEEPHOLE_WEIGHTS = (9, 10, 11)
BIASES = (12, 13, 14, 15)
PROJECTION = (16, 17)
HIDDEN_STATE, CELL_STATE = 18, 19
LAYER_NORM = (20, 21, 22, 23)
HIDDEN_INTERMEDIATE = 4
GATE_SCALE = 2.0**-12
ACTIVATION_SCALE = 2.0**-15
CELL_EXPONENTS = (-15, -9)
WIDE_KERNELS = ("logistic_s16", "lstm_s16", "sigmoid_s16", "tanh_s16")


def operands(graph: Graph, node: Node) -> str | None:
    """There are 24 inputs, or the first 20 of them, and one output."""
    if len(node.outputs) != 1:
        return f"{len(node.outputs)} outputs"
    if len(node.inputs) not in (OLD_INPUTS, INPUTS):
        return f"{len(node.inputs)} inputs"
    return None


def plain_cells(graph: Graph, node: Node) -> str | None:
    """Inputs 0 to 8, 12 to 15, 18 and 19 are there; there are no peephole weights (9 to 11), no
    projection (16, 17) and no layer normalization (20 to 23), as in TensorFlow Lite Micro.
    """
    needed = (INPUT, *INPUT_WEIGHTS, *RECURRENT_WEIGHTS, *BIASES, HIDDEN_STATE, CELL_STATE)
    missing = [place for place in needed if graph.input(node, place) is None]
    if missing:
        coupled = " (coupled input and forget gates)" if missing[0] in (1, 5, 12) else ""
        return f"input {missing[0]} left out{coupled}"
    for what, places in (
        ("peephole weights", PEEPHOLE_WEIGHTS),
        ("a projection", PROJECTION),
        ("layer normalization", LAYER_NORM),
    ):
        if any(graph.input(node, place) is not None for place in places):
            return what
    return None


def constant_weights(graph: Graph, node: Node) -> str | None:
    """Weights are int8 constants with one positive scale and zero point 0."""
    tensors = (graph.activation(node, place) for place in (*INPUT_WEIGHTS, *RECURRENT_WEIGHTS))
    found = (weights_found(tensor) for tensor in tensors)
    return next((text for text in found if text is not None), None)


def fitting_shapes(graph: Graph, node: Node) -> str | None:
    """With C the cells: input [B, T, I], or [T, B, I] with time_major, weights of inputs [C, I],
    recurrent weights [C, C], biases (constants, int32 or with int16 activations int64) [C], states
    [B, C], output as the input with C values.
    """
    source = graph.activation(node, INPUT)
    if len(source.shape) != 3:
        return f"an input of {rules.shape(source)}"
    depth = source.shape[2]
    cells = graph.activation(node, INPUT_WEIGHTS[0]).shape[0]
    for place in INPUT_WEIGHTS:
        weights = graph.activation(node, place)
        if weights.shape != (cells, depth):
            return f"weights of {rules.shape(weights)} for {cells}x{depth}"
    for place in RECURRENT_WEIGHTS:
        weights = graph.activation(node, place)
        if weights.shape != (cells, cells):
            return f"recurrent weights of {rules.shape(weights)} for {cells}x{cells}"
    for place in BIASES:
        found = bias_found(
            graph.activation(node, place), cells, "int64" if is_wide(graph, node) else "int32"
        )
        if found is not None:
            return f"{found}, there are {cells} cells"
    batches = source.shape[1 if node.options.get("time_major", False) else 0]
    for place in (HIDDEN_STATE, CELL_STATE):
        state = graph.activation(node, place)
        if state.shape != (batches, cells):
            return f"a state of {rules.shape(state)} for {batches}x{cells}"
    output = graph.output(node)
    if output.shape != (*source.shape[:2], cells):
        return f"{rules.shape(source)} became {rules.shape(output)} with {cells} cells"
    return None


def is_wide(graph: Graph, node: Node) -> bool:
    """Whether activations are int16."""
    return graph.activation(node, INPUT).dtype == "int16"


def state_types(graph: Graph, node: Node) -> str | None:
    """The hidden state (18) is of the input's type, with one positive scale and a zero point from
    -128 to 127 (int8) or 0 (int16); the cell state (19) is int16 with a power of two from 2^-15 to
    2^-9 as scale and zero point 0.
    """
    hidden, cell = graph.activation(node, HIDDEN_STATE), graph.activation(node, CELL_STATE)
    ends = (0, 0) if is_wide(graph, node) else (-128, 127)
    if hidden.dtype != graph.activation(node, INPUT).dtype or not _one_scale(hidden, *ends):
        return f"{hidden.name} is {hidden.dtype} with {rules.scales(hidden)}"
    if cell.dtype != "int16" or not _one_scale(cell, 0, 0):
        return f"{cell.name} is {cell.dtype} with {rules.scales(cell)}"
    low, high = CELL_EXPONENTS
    exponent = power_of_two(rules.quantization(cell).scale)
    return None if exponent in range(low, high + 1) else f"{cell.name} has {rules.scales(cell)}"


def _one_scale(tensor: Tensor, low: int, high: int) -> bool:
    found = tensor.quantization
    return (
        found is not None
        and len(found.scales) == len(found.zero_points) == 1
        and rules.usable_scales(found)
        and low <= found.zero_point <= high
    )


def plain_options(graph: Graph, node: Node) -> str | None:
    """The activation is TANH, the recurrent weights are full matrices
    (diagonal_recurrent_tensors is false).
    """
    found = node.options.get("fused_activation_function", "NONE")
    if found != "TANH":
        return f"{found}"
    return "diagonal" if node.options.get("diagonal_recurrent_tensors", False) else None


def clip(graph: Graph, node: Node) -> str | None:
    """cell_clip is not negative; where it is not 0 it is at least one step of the cell state."""
    found = float(node.options.get("cell_clip", 0.0))
    if not 0.0 <= found < math.inf:
        return f"{found:g}"
    return f"{found:g}" if found and not _quantized_clip(graph, node) else None


def _quantized_clip(graph: Graph, node: Node) -> int:
    """The greatest cell state in its scale, divided in float32, for int16 in float64; 0 is none."""
    scale = rules.quantization(graph.activation(node, CELL_STATE)).scale
    found = float32(float(node.options.get("cell_clip", 0.0))) / scale
    return int(min(found if is_wide(graph, node) else float32(found), 32767.0))


def shown_quantization(graph: Graph, node: Node) -> Quantization:
    """What the new hidden state is scaled to: for int8 the fifth intermediate's scale where the
    file has it, else the state's own.
    """
    found = node.options.get("intermediates", ()) if not is_wide(graph, node) else ()
    if len(found) > HIDDEN_INTERMEDIATE and found[HIDDEN_INTERMEDIATE] is not None:
        wanted = found[HIDDEN_INTERMEDIATE]
        if isinstance(wanted, Quantization):
            return wanted
    return rules.quantization(graph.activation(node, HIDDEN_STATE))


def intermediate(graph: Graph, node: Node) -> str | None:
    """The fifth intermediate, where the file has it, has one positive scale and a zero point from
    -128 to 127.
    """
    found = Tensor("it", (), "int8", shown_quantization(graph, node))
    return None if _one_scale(found, -128, 127) else rules.scales(found)


def gate_factors(graph: Graph, node: Node) -> tuple[float, ...]:
    """From a gate's sums to Q3.12, in float32: of inputs for each gate, then of hidden states."""
    scales = [
        rules.quantization(graph.activation(node, place)).scale for place in (INPUT, HIDDEN_STATE)
    ]
    return tuple(
        product_scale(rules.quantization(graph.activation(node, place)).scale, scale, GATE_SCALE)
        for scale, places in zip(scales, (INPUT_WEIGHTS, RECURRENT_WEIGHTS), strict=True)
        for place in places
    )


def hidden_factor(graph: Graph, node: Node) -> float:
    """From Q0.30 to the hidden state, in float32, for int16 in float64."""
    if is_wide(graph, node):
        return ACTIVATION_SCALE**2 / shown_quantization(graph, node).scale
    return product_scale(ACTIVATION_SCALE, ACTIVATION_SCALE, shown_quantization(graph, node).scale)


def large_factors(graph: Graph, node: Node) -> str | None:
    """Input scale times weight scale times 2^12 is under 2^30, with int16 activations under 2^7; so
    is hidden scale times weight scale times 2^12; the hidden state's scale is over 2^-60.
    """
    gates = gate_factors(graph, node)
    found = [rules.multiplier_found(factor, "factor") for factor in gates]
    found.append(rules.multiplier_found(hidden_factor(graph, node), "factor"))
    if is_wide(graph, node) and not any(found):
        found += [wide_multiplier_found(factor) for factor in gates]
    return next((text for text in found if text is not None), None)


def folded_biases(
    graph: Graph, node: Node, places: tuple[int, ...], source: int, biases: tuple[int, ...]
) -> NDArray[np.int64]:
    """The gates' biases minus the zero point of input `source` times the weights' sums, [4, C]."""
    zero_point = rules.quantization(graph.activation(node, source)).zero_point
    weights = np.stack([array(graph.activation(node, place)) for place in places]).astype(np.int64)
    folded: NDArray[np.int64] = -zero_point * weights.sum(2)
    if biases:
        folded = folded + np.stack([array(graph.activation(node, place)) for place in biases])
    return folded


def accumulators(graph: Graph, node: Node) -> str | None:
    """No input and no state can take a gate's sums out of 32 bits, with int16 activations 48."""
    largest_input, limit = (32768, WIDE_MAX) if is_wide(graph, node) else (128, INT32_MAX)
    for places, source, biases in (
        (INPUT_WEIGHTS, INPUT, BIASES),
        (RECURRENT_WEIGHTS, HIDDEN_STATE, ()),
    ):
        bias = folded_biases(graph, node, places, source, biases)
        weights = np.stack([array(graph.activation(node, place)) for place in places])
        if not -limit <= int(bias.min()) <= int(bias.max()) <= limit:
            return f"a bias of {int(bias.min())} to {int(bias.max())}"
        largest = np.abs(bias) + largest_input * np.abs(weights.astype(np.int64)).sum(2)
        if largest.max() > limit:
            return f"{int(largest.max())}"
    return None


class UnidirectionalSequenceLstm(Op):
    """Long short-term memory over a sequence, which goes on where the last inference ended: the
    hidden and the cell state are kept until they are reset.

    The arithmetic for int8 is that of LiteRT's 8x8_16 kernel. TensorFlow Lite Micro's differs in
    the last bits: it takes the logistic function and tanh from tables, limits the recurrent part of
    a gate before it is added, rounds the products of the cell state twice, and divides by the
    hidden state's scale in float64. For int16, which LiteRT does not have, it is that of TensorFlow
    Lite Micro. proj_clip and asymmetric_quantize_inputs mean nothing here.
    """

    name = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    structure = (
        operands,
        rules.bounded_sizes,
        plain_cells,
        rules.activations(INPUT, types=("int8", "int16")),
        rules.computed_input,
        constant_weights,
        fitting_shapes,
        state_types,
    )
    constraints = (
        own_states(HIDDEN_STATE, CELL_STATE),
        plain_options,
        clip,
        intermediate,
        large_factors,
        accumulators,
    )

    def macs(self, graph: Graph, node: Node) -> int:
        source, cells = graph.activation(node, INPUT), graph.output(node).shape[2]
        rows = source.shape[0] * source.shape[1]
        return rows * cells * 4 * (source.shape[2] + cells)

    def updates(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return (node.inputs[HIDDEN_STATE], node.inputs[CELL_STATE])

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source = graph.activation(node, INPUT)
        time_major = bool(node.options.get("time_major", False))
        steps, batches = source.shape[:2] if time_major else source.shape[1::-1]
        cell_scale = rules.quantization(graph.activation(node, CELL_STATE)).scale
        hidden = quantize_multiplier(hidden_factor(graph, node))
        admitted = quantize_multiplier(ACTIVATION_SCALE**2 / cell_scale)
        wide = is_wide(graph, node)
        narrow_offset = ("hidden_offset", shown_quantization(graph, node).zero_point)
        wide_cell = (("cell_multiplier", admitted.value), ("cell_shift", admitted.shift))
        return (
            KernelCall(
                function="tnf_lstm_s16" if wide else "tnf_lstm_s8",
                header="tnf_recurrent.h",
                kernels=WIDE_KERNELS if wide else ("lstm_s8",),
                params_type="tnf_lstm_wide_t" if wide else "tnf_lstm_t",
                params=(
                    ("batches", batches),
                    ("steps", steps),
                    ("input_depth", source.shape[2]),
                    ("cells", graph.output(node).shape[2]),
                    ("batch_rows", 1 if time_major else steps),
                    ("step_rows", batches if time_major else 1),
                    ("cell_integer_bits", 15 + (power_of_two(cell_scale) or 0)),
                    ("cell_clip", _quantized_clip(graph, node)),
                    *(wide_cell if wide else ()),
                    ("hidden_multiplier", hidden.value),
                    ("hidden_shift", hidden.shift),
                    *(() if wide else (narrow_offset,)),
                ),
                constants=_constants(graph, node),
                inputs=(node.inputs[INPUT],),
                outputs=(node.inputs[HIDDEN_STATE], node.inputs[CELL_STATE], node.outputs[0]),
            ),
        )


def _constants(graph: Graph, node: Node) -> tuple[Constant, ...]:
    wide = is_wide(graph, node)
    input_bias = folded_biases(graph, node, INPUT_WEIGHTS, INPUT, BIASES)
    recurrent_bias = folded_biases(graph, node, RECURRENT_WEIGHTS, HIDDEN_STATE, ())
    return (
        Constant("input_weights", "int8_t", _stacked(graph, node, INPUT_WEIGHTS)),
        Constant("recurrent_weights", "int8_t", _stacked(graph, node, RECURRENT_WEIGHTS)),
        *(
            [Constant("bias", "int64_t", input_bias)]
            if wide
            else [
                Constant("input_bias", "int32_t", input_bias.astype(np.int32)),
                Constant("recurrent_bias", "int32_t", recurrent_bias.astype(np.int32)),
            ]
        ),
        *scale_constants(gate_factors(graph, node), wide=wide),
    )


def _stacked(graph: Graph, node: Node, places: tuple[int, ...]) -> NDArray[np.int8]:
    return np.stack([array(graph.activation(node, place)) for place in places]).astype(np.int8)


OPS = (UnidirectionalSequenceLstm,)
