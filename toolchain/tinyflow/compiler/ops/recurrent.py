"""What operators with a state of their own ask of their operands."""

from __future__ import annotations

from tinyflow.compiler.graph import ABSENT, Graph, Node, Tensor
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import Constraint


def own_states(*positions: int) -> Constraint:
    """The rule that the inputs at `positions` are different states that no other node uses."""

    def rule(graph: Graph, node: Node) -> str | None:
        states = {state.tensor for state in graph.states}
        seen: set[int] = set()
        for position in positions:
            tensor = node.inputs[position] if position < len(node.inputs) else ABSENT
            if tensor == ABSENT:
                return f"input {position} left out"
            if tensor not in states:
                return f"{graph.tensors[tensor].name} is none"
            seen.add(tensor)
        if len(seen) < len(positions):
            return "one for several"
        for tensor in sorted(seen):
            uses = sum(other.inputs.count(tensor) for other in graph.nodes)
            if uses > 1 or tensor in graph.outputs:
                return f"{graph.tensors[tensor].name} is used elsewhere too"
        return None

    count = len(positions)
    names = " and ".join(str(position) for position in positions)
    rule.__doc__ = (
        f"Input{'s' * (count > 1)} {names} {'are' if count > 1 else 'is'} "
        f"{'variables' if count > 1 else 'a variable'} of the model that nothing else uses"
    )
    return rule


def weights_found(weights: Tensor, dtype: str = "int8") -> str | None:
    """What is found where weights are no constant of that type with one scale and no zero point."""
    if weights.data is None:
        return f"{weights.name} is computed"
    if weights.dtype != dtype or weights.data.dtype.name != dtype:
        return f"{weights.name} is {weights.dtype}"
    found = weights.quantization
    if found is None or len(found.scales) != 1 or not rules.usable_scales(found):
        return f"{weights.name} has {rules.scales(weights)}"
    if any(found.zero_points):
        return f"zero point {next(z for z in found.zero_points if z)}"
    return None


def bias_found(bias: Tensor, size: int, dtype: str = "int32") -> str | None:
    """What is found where a bias is no constant of that type and `size` values."""
    if bias.data is None:
        return f"{bias.name} is computed"
    if bias.dtype != dtype or bias.data.dtype.name != dtype:
        return f"{bias.name} is {bias.dtype}"
    return None if bias.shape == (size,) else f"{bias.name} is {rules.shape(bias)}"
