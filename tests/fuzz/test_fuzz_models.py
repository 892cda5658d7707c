"""Hostile files: the fuzzer's corpus again, and 10,000 mutations of it and of random networks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from kernel_server import KernelServer
from model_outcome import MEMORY_BYTES, SECONDS, planned
from operator_cases import input_rows
from operator_cases.recurrent import initial_states
from parts_network import random_parts
from random_networks import RandomNetwork
from row_networks import row_network
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.ops import OPS
from tinyflow.compiler.planning import Planned
from tinyflow.errors import ModelError
from tinyflow.reference import ReferenceInterpreter

HERE = Path(__file__).parent
CORPUS = sorted((HERE / "corpus").glob("*.tflite"))
DIGITS = HERE.parent / "models" / "digits.tflite"
FILES, GROUPS = 10_000, 4
MOST_FILE_BYTES, MOST_CORPUS_BYTES = 4096, 1 << 20
MOST_MACS = 1 << 22
ROWS_BYTES = 1 << 16


@pytest.fixture(scope="module")
def kernels() -> Iterator[KernelServer]:
    with KernelServer() as server:
        yield server


@pytest.fixture(scope="module")
def reference(reference_interpreter: None) -> Iterator[ReferenceInterpreter]:
    with ReferenceInterpreter() as interpreter:
        yield interpreter


def networks(seed: int) -> list[bytes]:
    """Files of random networks of several nodes."""
    made = [write_tflite(random_parts(seed * 100 + i)) for i in range(12)]
    made += [write_tflite(row_network(seed * 100 + i)) for i in range(12)]
    for i in range(12):
        network = RandomNetwork(seed * 100 + i)
        for layer in ("conv_2d", "residual", "pad", "depthwise", "concatenation", "branch"):
            getattr(network, layer)()
        network.classify()
        made.append(write_tflite(network.network()))
    return made


def test_the_corpus_is_small() -> None:
    sizes = [file.stat().st_size for file in CORPUS]
    assert len(sizes) > 100
    assert max(sizes) <= MOST_FILE_BYTES and sum(sizes) < MOST_CORPUS_BYTES
    seeds = {file.name for file in CORPUS}
    assert all(f"{op.lower()}_1.tflite" in seeds for op in OPS)


@pytest.mark.parametrize("least_ram", [False, True])
def test_the_corpus_is_planned_or_refused(least_ram: bool) -> None:
    found = Counter(
        planned(file.read_bytes(), least_ram=least_ram) is None
        for file in CORPUS
    )  # fmt: skip
    assert min(found[True], found[False]) > len(CORPUS) // 10, found


@pytest.mark.parametrize("group", range(GROUPS))
def test_mutated_files_are_refused_or_computed(
    group: int, tmp_path: Path, kernels: KernelServer, reference: ReferenceInterpreter
) -> None:
    """Each within 5 s and 1 GB. Of those that are planned, some equal the reference."""
    files = [file.read_bytes() for file in CORPUS]
    files += [DIGITS.read_bytes()] * 8 + networks(group)
    for number, content in enumerate(files):
        (tmp_path / f"{number}.tflite").write_bytes(content)
    count = FILES // GROUPS
    program = [sys.executable, str(HERE / "mutated_files.py")]
    child = subprocess.run(
        [*program, str(group), str(count), str(tmp_path)], capture_output=True, text=True
    )
    assert child.returncode == 0, f"{tmp_path / 'last'}\n{child.stderr[-4000:]}"
    found = json.loads(child.stdout)
    assert found["planned"] + found["refused"] == count
    assert min(found["planned"], found["refused"]) > count // 10, found
    assert found["slowest"] < SECONDS and found["grown_kib"] << 10 < MEMORY_BYTES
    outcomes: Counter[str] = Counter()
    for file in sorted((tmp_path / "planned").iterdir()):
        outcomes[compared(file.read_bytes(), kernels, reference)] += 1
    print(found, outcomes)  # shown where the test fails
    assert outcomes["equal"] >= 25, outcomes


def compared(content: bytes, kernels: KernelServer, reference: ReferenceInterpreter) -> str:
    """Run a file that tinyflow plans: "equal", or why the reference has nothing to compare."""
    made = planned(content)
    assert made is not None
    graph = made.program.graph
    inputs = sum(graph.tensors[index].size_bytes for index in graph.inputs)
    if made.program.macs > MOST_MACS or made.program.plan.arena_bytes + inputs > ROWS_BYTES:
        return "large"
    rows = input_rows(graph, seed=1)
    try:
        reference.load(content)
        wanted = reference.invoke(rows)
    except (ModelError, ValueError) as error:
        return f"refused: {str(error).splitlines()[-1][:40]}"
    np.testing.assert_array_equal(outputs(made, rows, kernels), wanted)
    return "equal"


def outputs(made: Planned, rows: np.ndarray, kernels: KernelServer) -> np.ndarray:
    """The bytes of the program's outputs for rows of input bytes, node by node."""
    graph: Graph = made.program.graph
    held = initial_states(graph)
    found = []
    for row in rows:
        values, at = dict(held), 0
        for index in graph.inputs:
            tensor = graph.tensors[index]
            part = row[at : at + tensor.size_bytes].tobytes()
            values[index] = np.frombuffer(part, tensor.dtype).reshape(tensor.shape)
            at += tensor.size_bytes
        for node in graph.nodes:
            values |= kernels.run_node(graph, node, values)
        held = {state.tensor: values[state.tensor] for state in graph.states}
        parts = [np.ascontiguousarray(values[index]).view(np.int8).reshape(-1)
                 for index in graph.outputs]  # fmt: skip
        found.append(np.concatenate(parts))
    return np.array(found)
