"""Models that remember: what they answer depends on the inputs before."""

from __future__ import annotations

import numpy as np

from tinyflow.compiler.graph import ABSENT, Graph, Node, Quantization, State, Tensor

FEATURES, CELLS, CLASSES = 6, 5, 3
FRAMES, CHANNELS, FILTERS = 8, 4, 5


class Draft:
    """Tensors, nodes and states in the making."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.tensors: list[Tensor] = []
        self.nodes: list[Node] = []
        self.states: list[State] = []

    def tensor(
        self, name: str, shape: tuple[int, ...], scale: float, zero_point: int = 0,
        dtype: str = "int8",
    ) -> int:  # fmt: skip
        kind = Quantization((float(np.float32(scale)),), (zero_point,))
        self.tensors.append(Tensor(name, shape, dtype, kind))
        return len(self.tensors) - 1

    def constant(self, values: np.ndarray, scale: float | None = None) -> int:
        kind = None if scale is None else Quantization((float(np.float32(scale)),), (0,))
        name = f"constant {len(self.tensors)}"
        self.tensors.append(Tensor(name, values.shape, values.dtype.name, kind, values))
        return len(self.tensors) - 1

    def weights(self, shape: tuple[int, ...], scale: float) -> int:
        return self.constant(self.rng.integers(-127, 128, shape).astype(np.int8), scale)

    def bias(self, size: int, scale: float) -> int:
        return self.constant(self.rng.integers(-2000, 2000, size).astype(np.int32), scale)

    def state(self, tensor: int, initial: np.ndarray | None = None) -> int:
        self.states.append(State(tensor, initial))
        return tensor

    def node(self, op: str, inputs: tuple[int, ...], *outputs: int, **options: object) -> None:
        self.nodes.append(Node(op, inputs, outputs, options, len(self.nodes)))

    def graph(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> Graph:
        return Graph(tuple(self.tensors), tuple(self.nodes), inputs, outputs, tuple(self.states))


def classified(draft: Draft, source: int, depth: int, scale: float) -> int:
    """A fully connected layer and a softmax on top of tensor `source`."""
    scores = draft.tensor("scores", (1, CLASSES), 0.05, 3)
    weights = draft.weights((CLASSES, depth), 0.01)
    draft.node("FULLY_CONNECTED", (source, weights, draft.bias(CLASSES, scale * 0.01)), scores)
    chances = draft.tensor("chances", (1, CLASSES), 1 / 256, -128)
    draft.node("SOFTMAX", (scores,), chances, beta=1.0)
    return chances


def lstm_network(steps: int = 3) -> Graph:
    """An LSTM over a few steps an inference, that goes on in the next, and a classifier."""
    draft = Draft(3)
    source = draft.tensor("input", (1, steps, FEATURES), 0.03, -5)
    places = [source]
    places += [draft.weights((CELLS, FEATURES), 0.006) for _ in range(4)]
    places += [draft.weights((CELLS, CELLS), 0.01) for _ in range(4)]
    places += [ABSENT] * 3
    places += [draft.bias(CELLS, 0.03 * 0.006) for _ in range(4)]
    places += [ABSENT] * 2
    places.append(draft.state(draft.tensor("hidden", (1, CELLS), 1 / 128, 4)))
    places.append(draft.state(draft.tensor("cell", (1, CELLS), 2.0**-11, 0, "int16")))
    places += [ABSENT] * 4
    output = draft.tensor("lstm", (1, steps, CELLS), 1 / 128, 4)
    draft.node(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        tuple(places),
        output,
        fused_activation_function="TANH",
        intermediates=(*[Quantization((2.0**-12,), (0,))] * 4, Quantization((1 / 128,), (4,))),
    )
    flat = draft.tensor("flat", (1, steps * CELLS), 1 / 128, 4)
    shape = draft.constant(np.array([1, steps * CELLS], np.int32))
    draft.node("RESHAPE", (output, shape), flat, new_shape=(1, steps * CELLS))
    return draft.graph((source,), (classified(draft, flat, steps * CELLS, 1 / 128),))


def svdf_network() -> Graph:
    """Two SVDF layers, one after the other."""
    draft = Draft(4)
    source = draft.tensor("input", (1, FEATURES), 0.05, 7)
    for depth, units in ((FEATURES, 7), (7, 4)):
        filters, memory = 2 * units, 6
        state = draft.tensor(f"state {units}", (1, filters * memory), 1e-4, 0, "int16")
        time = draft.rng.integers(-9000, 9000, (filters, memory)).astype(np.int16)
        output = draft.tensor(f"svdf {units}", (1, units), 0.05, -128)
        places = (
            source,
            draft.weights((filters, depth), 0.004),
            draft.constant(time, 1e-4),
            draft.bias(units, 1e-8),
            draft.state(state),
        )
        draft.node("SVDF", places, output, rank=2, fused_activation_function="RELU")
        source = output
    return draft.graph((0,), (classified(draft, source, 4, 0.05),))


def ring_network() -> Graph:
    """A convolution over the last frames, which a variable keeps; its first ones are noise."""
    draft = Draft(5)
    kept = (1, FRAMES - 1, 1, CHANNELS)
    frame = draft.tensor("frame", (1, 1, 1, CHANNELS), 0.04, 2)
    ring = draft.tensor("ring", kept, 0.04, 2)
    draft.state(ring, draft.rng.integers(-128, 128, kept).astype(np.int8))
    before = draft.tensor("before", kept, 0.04, 2)
    draft.node("READ_VARIABLE", (ring,), before)
    window = draft.tensor("window", (1, FRAMES, 1, CHANNELS), 0.04, 2)
    draft.node("CONCATENATION", (before, frame), window, axis=1)
    begin = draft.constant(np.array([0, 1, 0, 0], np.int32))
    size = draft.constant(np.array(kept, np.int32))
    after = draft.tensor("after", kept, 0.04, 2)
    draft.node("SLICE", (window, begin, size), after)
    draft.node("ASSIGN_VARIABLE", (ring, after))
    filters = draft.weights((FILTERS, 3, 1, CHANNELS), 0.01)
    conv = draft.tensor("conv", (1, FRAMES - 2, 1, FILTERS), 0.06, -128)
    draft.node(
        "CONV_2D",
        (window, filters, draft.bias(FILTERS, 0.0004)),
        conv,
        padding="VALID",
        stride_h=1,
        stride_w=1,
        fused_activation_function="RELU",
    )
    flat = draft.tensor("flat", (1, (FRAMES - 2) * FILTERS), 0.06, -128)
    shape = draft.constant(np.array([1, -1], np.int32))
    draft.node("RESHAPE", (conv, shape), flat, new_shape=(1, -1))
    return draft.graph((frame,), (classified(draft, flat, (FRAMES - 2) * FILTERS, 0.06),))


def delay_network() -> Graph:
    """Twice the input less what it was before: the old value is read before the variable changes
    and used after it, and the new one is read from it again.
    """
    draft = Draft(6)
    shape = (1, FEATURES)
    source = draft.tensor("input", shape, 0.04, 2)
    kept = draft.state(draft.tensor("kept", shape, 0.04, 2))
    before, after = (draft.tensor(name, shape, 0.04, 2) for name in ("before", "after"))
    draft.node("READ_VARIABLE", (kept,), before)
    draft.node("ASSIGN_VARIABLE", (kept, source))
    draft.node("READ_VARIABLE", (kept,), after)
    twice = draft.tensor("twice", shape, 0.08, -3)
    draft.node("ADD", (source, after), twice)
    change = draft.tensor("change", shape, 0.1, 0)
    draft.node("SUB", (twice, before), change)
    return draft.graph((source,), (change,))


NETWORKS = {
    "delay": delay_network(),
    "lstm": lstm_network(),
    "ring": ring_network(),
    "svdf": svdf_network(),
}
