"""SVDF."""

from __future__ import annotations

from tinyflow.compiler.graph import Graph, Node, Tensor, array
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import Constant, KernelCall, Op
from tinyflow.compiler.ops.recurrent import bias_found, own_states, weights_found
from tinyflow.compiler.quantmath import product_scale, quantize_multiplier

INPUT, FEATURE_WEIGHTS, TIME_WEIGHTS, BIAS, STATE = range(5)


def operands(graph: Graph, node: Node) -> str | None:
    """There are 5 inputs, of which only the bias (3) may be left out, and one output."""
    if len(node.outputs) != 1:
        return f"{len(node.outputs)} outputs"
    if len(node.inputs) != 5:
        return f"{len(node.inputs)} inputs"
    for position in (INPUT, FEATURE_WEIGHTS, TIME_WEIGHTS, STATE):
        if graph.input(node, position) is None:
            return f"input {position} left out"
    return None


def state_type(graph: Graph, node: Node) -> str | None:
    """The state is int16 with zero point 0, or int8, and has one positive scale."""
    state = graph.activation(node, STATE)
    if state.dtype not in ("int8", "int16"):
        return f"{state.name} is {state.dtype}"
    found = state.quantization
    if found is None or len(found.scales) != 1 or not rules.usable_scales(found):
        return f"{state.name} has {rules.scales(state)}"
    low, high = (-128, 127) if state.dtype == "int8" else (0, 0)
    if len(found.zero_points) != 1 or not low <= found.zero_point <= high:
        return f"{state.name} has {rules.scales(state)}"
    return None


def constant_weights(graph: Graph, node: Node) -> str | None:
    """Weights are constants with one positive scale and zero point 0: of features int8, of time
    the state's type.
    """
    state = graph.activation(node, STATE)
    wanted = ((FEATURE_WEIGHTS, "int8"), (TIME_WEIGHTS, state.dtype))
    found = (weights_found(graph.activation(node, place), dtype) for place, dtype in wanted)
    return next((text for text in found if text is not None), None)


def fitting_shapes(graph: Graph, node: Node) -> str | None:
    """With B the batch and F the filters, rank for each unit: input [B, I], weights of features
    [F, I], of time [F, M], bias (an int32 constant) [F / rank], state [B, M * F], output
    [B, F / rank].
    """
    shapes = [graph.activation(node, place).shape for place in (INPUT, FEATURE_WEIGHTS)]
    shapes.append(graph.activation(node, TIME_WEIGHTS).shape)
    if any(len(shape) != 2 for shape in shapes):
        return ", ".join(rules.sizes(shape) for shape in shapes)
    (batches, depth), (filters, features), (rows, memory) = shapes
    rank = int(node.options.get("rank", 0))
    if rank < 1 or filters % rank:
        return f"{filters} filters of rank {rank}"
    if features != depth or rows != filters:
        return ", ".join(rules.sizes(shape) for shape in shapes)
    units = filters // rank
    bias = graph.input(node, BIAS)
    if bias is not None and (found := bias_found(bias, units)) is not None:
        return f"{found}, there are {units} units"
    state, output = graph.activation(node, STATE), graph.output(node)
    if state.shape != (batches, memory * filters):
        return f"a state of {rules.shape(state)} for {batches}x{memory * filters}"
    if output.shape != (batches, units):
        return f"an output of {rules.shape(output)} for {batches}x{units}"
    return None


def ignored_activation(graph: Graph, node: Node) -> str | None:
    """The fused activation is NONE or RELU."""
    found = node.options.get("fused_activation_function", "NONE")
    return None if found in ("NONE", "RELU") else f"{found}"


def factors(graph: Graph, node: Node) -> tuple[float, float]:
    """From the features' sum to the state, and from the sum over time to the output, in float32."""

    def scale(tensor: Tensor) -> float:
        return rules.quantization(tensor).scale

    source, features, time = (graph.activation(node, place) for place in (0, 1, 2))
    state, output = graph.activation(node, STATE), graph.output(node)
    return (
        product_scale(scale(source), scale(features), scale(state)),
        product_scale(scale(state), scale(time), scale(output)),
    )


def large_factors(graph: Graph, node: Node) -> str | None:
    """Input scale times weight scale over state scale is under 2^30, and so is state scale times
    weight scale over output scale.
    """
    found = (rules.multiplier_found(factor, "factor") for factor in factors(graph, node))
    return next((text for text in found if text is not None), None)


class Svdf(Op):
    """A layer of low rank over time: each filter weighs the features of the input, keeps that for
    a number of steps in the state, and weighs what it kept.

    The fused activation is not applied, as in the runtimes: a RELU is in the output's zero point
    of -128. A state of int16 is what converters write; one of int8 only TensorFlow Lite Micro
    has, whose arithmetic it follows: the zero point is added before the limit to int8. Sums
    over time wrap to 32 bits.
    """

    name = "SVDF"
    structure = (
        operands,
        rules.bounded_sizes,
        rules.activations(INPUT),
        rules.computed_input,
        state_type,
        constant_weights,
        fitting_shapes,
    )
    constraints = (own_states(STATE), ignored_activation, large_factors)

    def macs(self, graph: Graph, node: Node) -> int:
        features, time = (graph.activation(node, place) for place in (1, 2))
        return graph.activation(node, INPUT).shape[0] * (features.elements + time.elements)

    def updates(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return (node.inputs[STATE],)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, state = graph.activation(node, INPUT), graph.activation(node, STATE)
        features, time = (graph.activation(node, place) for place in (1, 2))
        bias = graph.input(node, BIAS)
        rank = int(node.options["rank"])
        kept, shown = (quantize_multiplier(factor) for factor in factors(graph, node))
        wide = state.dtype == "int16"
        kernel = "svdf_s8" if wide else "svdf_state_s8"
        weights = Constant("time_weights", "int16_t", array(time))
        if not wide:
            weights = Constant("time_weights_s8", "int8_t", array(time))
        return (
            KernelCall(
                function=f"tnf_{kernel}",
                header="tnf_recurrent.h",
                kernels=(kernel,),
                params_type="tnf_svdf_t",
                params=(
                    ("batches", source.shape[0]),
                    ("input_depth", source.shape[1]),
                    ("units", features.shape[0] // rank),
                    ("rank", rank),
                    ("memory", time.shape[1]),
                    ("input_offset", -rules.quantization(source).zero_point),
                    ("state_multiplier", kept.value),
                    ("state_shift", kept.shift),
                    ("state_offset", rules.quantization(state).zero_point),
                    ("output_multiplier", shown.value),
                    ("output_shift", shown.shift),
                    ("output_offset", rules.quantization(graph.output(node)).zero_point),
                ),
                constants=(
                    Constant("feature_weights", "int8_t", array(features)),
                    weights,
                    *([Constant("bias", "int32_t", array(bias))] if bias is not None else []),
                ),
                inputs=(node.inputs[INPUT],),
                outputs=(node.inputs[STATE], node.outputs[0]),
            ),
        )


OPS = (Svdf,)
