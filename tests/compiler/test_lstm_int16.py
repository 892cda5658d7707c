"""LSTM with int16 activations, which LiteRT does not have: TensorFlow Lite Micro's arithmetic.

Its logistic function and tanh are those of LiteRT's LOGISTIC and TANH, which give the tables here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from kernel_server import KernelServer
from numpy.typing import NDArray
from operator_cases import SEEDS, input_rows, one_node
from operator_cases.recurrent import initial_states, lstm, symmetric
from tflite_writer import write_tflite
from wide_sums import requantize_wide

from tinyflow.compiler.graph import Graph, Tensor
from tinyflow.compiler.ops import check_node
from tinyflow.compiler.quantmath import Multiplier, quantize_multiplier, requantize
from tinyflow.reference import ReferenceInterpreter

VALUES = np.arange(-(1 << 15), 1 << 15, dtype=np.int16)
Table = NDArray[np.int16]


@pytest.fixture(scope="module")
def tables(reference_interpreter: None) -> dict[tuple[str, int], Table]:
    """LOGISTIC of Q3.12, and TANH by its input's integer bits, for all int16, first the lowest."""
    made = {}
    with ReferenceInterpreter() as reference:
        for op, bits in (("LOGISTIC", 3), *(("TANH", bits) for bits in range(7))):
            source = Tensor("in", (1, VALUES.size), "int16", symmetric(2.0 ** (bits - 15)))
            output = Tensor("out", (1, VALUES.size), "int16", symmetric(2.0**-15))
            reference.load(write_tflite(one_node(op, [source, output])))
            found = reference.invoke(VALUES.view(np.int8)[np.newaxis])
            made[op, bits] = np.frombuffer(found.tobytes(), np.int16)
    return made


def limited(value: int) -> int:
    return min(max(value, -(1 << 15)), (1 << 15) - 1)


class Model:
    """The network of a graph, one batch and step after another."""

    def __init__(self, graph: Graph, tables: dict[tuple[str, int], Table]) -> None:
        self.graph = graph
        (self.node,) = graph.nodes
        self.tables = tables
        self.cell_scale = self.scale(19)
        self.bits = 15 + round(np.log2(self.cell_scale))
        self.clip = int(
            min(float(np.float32(self.node.options["cell_clip"])) / self.cell_scale, 32767)
        )

    def scale(self, place: int) -> float:
        quantization = self.graph.activation(self.node, place).quantization
        assert quantization is not None
        return quantization.scale

    def data(self, place: int) -> NDArray[Any]:
        data = self.graph.activation(self.node, place).data
        assert data is not None
        return data.astype(np.int64)

    def part(
        self, values: NDArray[Any], weights: int, source: int, bias: NDArray[Any]
    ) -> list[int]:
        factor = quantize_multiplier(self.scale(source) * self.scale(weights) * 2.0**12)
        sums = self.data(weights) @ values.astype(np.int64) + bias
        return [limited(requantize_wide(int(value), factor)) for value in sums]

    def gate(self, gate: int, row: NDArray[Any], hidden: NDArray[Any]) -> NDArray[Any]:
        given_part = self.part(row, 1 + gate, 0, self.data(12 + gate))
        kept_part = self.part(hidden, 5 + gate, 18, np.zeros(len(given_part), np.int64))
        sums = [limited(a + b) for a, b in zip(given_part, kept_part, strict=True)]
        table = self.tables["TANH" if gate == 2 else "LOGISTIC", 3]
        return table[np.array(sums) + (1 << 15)].astype(int)

    def step(
        self, row: NDArray[Any], hidden: NDArray[Any], cell: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        admitted, kept, candidate, shown = (self.gate(i, row, hidden) for i in range(4))
        half = Multiplier(1 << 30, -14)
        factor = quantize_multiplier(2.0**-30 / self.cell_scale)
        states = []
        for i, old in enumerate(cell.tolist()):
            state = limited(requantize(int(kept[i]) * old, half))
            state = limited(state + limited(requantize(int(admitted[i] * candidate[i]), factor)))
            states.append(min(max(state, -self.clip), self.clip) if self.clip else state)
        bent = self.tables["TANH", self.bits][np.array(states) + (1 << 15)].astype(int)
        factor = quantize_multiplier(2.0**-30 / self.scale(18))
        made = [limited(requantize(int(value), factor)) for value in bent * shown]
        return np.array(made), np.array(states)

    def run(self, values: dict[int, NDArray[Any]]) -> dict[int, NDArray[Any]]:
        source, hidden, cell = (self.node.inputs[place] for place in (0, 18, 19))
        held, cells = values[hidden].astype(int), values[cell].astype(int)
        time_major = self.node.options["time_major"]
        rows = values[source].swapaxes(0, 1) if time_major else values[source]
        output = np.zeros((*rows.shape[:2], held.shape[1]), int)
        for batch, step in np.ndindex(rows.shape[:2]):
            held[batch], cells[batch] = self.step(rows[batch, step], held[batch], cells[batch])
            output[batch, step] = held[batch]
        output = output.swapaxes(0, 1) if time_major else output
        return {hidden: held, cell: cells, self.node.outputs[0]: output}


def test_the_kernel_equals_the_model(
    kernels: KernelServer, tables: dict[tuple[str, int], Table]
) -> None:
    seen: set[int] = set()

    @settings(
        derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck)
    )
    @given(lstm("int16"), SEEDS)
    def run(graph: Graph, seed: int) -> None:
        (node,) = graph.nodes
        assert check_node(graph, node) == []
        model, kept = Model(graph, tables), initial_states(graph)
        for row in input_rows(graph, seed):
            values = {0: row.view(np.int16).reshape(graph.tensors[0].shape), **kept}
            found, wanted = kernels.run_node(graph, node, values), model.run(values)
            for tensor, array in wanted.items():
                np.testing.assert_array_equal(found[tensor], array)
            kept = {tensor: found[tensor] for tensor in kept}
            seen.update(found[graph.outputs[0]].reshape(-1).tolist())

    run()
    assert len(seen) > 500
