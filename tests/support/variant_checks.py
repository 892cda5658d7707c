"""Variants of kernel backends beside the reference kernels: on this machine and in emulators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kernel_image import Case, run_models
from kernel_server import KernelServer
from operator_cases import SEEDS, input_rows
from operator_cases.drawing import Draw
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.compiler.packing import PLAIN, load_backend
from tinyflow.compiler.steps import lower

EXAMPLES = settings(
    derandomize=True, deadline=None, max_examples=100, suppress_health_check=list(HealthCheck)
)


def check(
    graph: Graph, seed: int, tested: KernelServer, ref: KernelServer, *, plain: bool = False
) -> set[str]:
    """Compares all variants of a node, apart and over its inputs; gives the variants' names.

    With `plain` the operator's own call is compared as well, in place where it may be.
    """
    (node,) = graph.nodes
    assert check_node(graph, node) == []
    names: set[str] = set()
    for row in input_rows(graph, seed):
        values = _values(graph, row)
        wanted = ref.run_node(graph, node, values)
        found = tested.run_variants(graph, node, values)
        names |= {name.split()[0] for name in found}
        for lap in (None, *OPS[node.op].overlaps(graph, node)) if plain else ():
            found[f"operator's own {lap}"] = tested.run_node(graph, node, values, in_place=lap)
        for name, outputs in found.items():
            for tensor in node.outputs:
                np.testing.assert_array_equal(outputs[tensor], wanted[tensor], err_msg=name)
    return names - {PLAIN}


def _values(graph: Graph, row: np.ndarray) -> dict[int, np.ndarray]:
    """The bytes of all inputs as tensors."""
    values, start = {}, 0
    for index in graph.inputs:
        tensor = graph.tensors[index]
        part = row[start : start + tensor.size_bytes]
        values[index] = np.frombuffer(part.tobytes(), tensor.dtype).reshape(tensor.shape)
        start += tensor.size_bytes
    return values


def check_drawn(
    cases: st.SearchStrategy[Graph],
    tested: KernelServer,
    ref: KernelServer,
    *,
    examples: int = EXAMPLES.max_examples,
    plain: bool = False,
) -> list[set[str]]:
    """`check` of so many drawn layers."""
    offered: list[set[str]] = []

    @settings(EXAMPLES, max_examples=examples)
    @given(cases, SEEDS)
    def run(graph: Graph, seed: int) -> None:
        offered.append(check(graph, seed, tested, ref, plain=plain))

    run()
    return offered


def share(offered: Sequence[set[str]], name: str = "") -> float:
    """Of how many layers there is the variant of that name, or any."""
    return sum(name in names if name else bool(names) for names in offered) / len(offered)


def offers(backend: str, name: str) -> Callable[[Graph], bool]:
    """Whether a backend has a variant for a graph of one node."""
    kernels = load_backend(backend)

    def found(graph: Graph) -> bool:
        (step,) = lower(graph)
        return name in [variant.name for variant in kernels.variants(graph, step)]

    return found


def drawn_models(
    cases: st.SearchStrategy[Graph],
    folder: Path,
    models: int,
    overrides: Mapping[int, str] | None = None,
) -> list[Case]:
    """As many models of one layer, with their inputs."""
    drawn: list[Case] = []

    @settings(EXAMPLES, max_examples=models, phases=[Phase.generate])
    @given(cases, SEEDS)
    def draw(graph: Graph, seed: int) -> None:
        file = folder / f"{len(drawn)}.tflite"
        file.write_bytes(write_tflite(graph))
        drawn.append(Case(file, input_rows(graph, seed), dict(overrides or {})))

    draw()
    return drawn


def check_emulated(board: str, backend: str, cases: Sequence[Case], **options: Any) -> Counter[str]:
    """Compares what the emulated core makes of models; counts the variants of their layers."""
    found = run_models(board, cases, backend, **options)
    for case, ran in zip(cases, found, strict=True):
        layers = [
            (layer.variant, layer.op, layer.outputs[0].shape) for layer in ran.compiled.layers
        ]
        assert ran.differs == [-1] * len(case.rows), (case.tflite.name, layers)
    return Counter(layer.variant for ran in found for layer in ran.compiled.layers)


def rectified(output: Tensor, draw: Draw) -> Tensor:
    """The output, mostly with the zero point that one behind a ReLU has."""
    if draw(st.integers(0, 3)) == 0:
        return output
    assert output.quantization is not None
    return Tensor(output.name, (), "int8", Quantization((output.quantization.scale,), (-128,)))
