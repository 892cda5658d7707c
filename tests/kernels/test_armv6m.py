"""Backend `armv6m`: its twins under sanitizers, itself in the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from kernel_server import KernelServer
from operator_cases import CASES, SEEDS
from pairs_layers import EXAMPLES, OPERATORS, WIDE, check, check_emulated, drawn_cases

from tinyflow.compiler.graph import Graph

LEAST_OFFERED = 0.4
"""Of drawn layers that have a variant."""
EMULATED_MODELS = 30


@pytest.fixture(scope="module")
def armv6m() -> Iterator[KernelServer]:
    with KernelServer("armv6m") as server:
        yield server


@pytest.fixture(scope="module")
def ref() -> Iterator[KernelServer]:
    with KernelServer("ref") as server:
        yield server


@pytest.mark.parametrize("op", OPERATORS)
def test_drawn_cases_equal_the_reference_kernels(
    op: str, armv6m: KernelServer, ref: KernelServer
) -> None:
    @EXAMPLES
    @given(CASES[op], SEEDS)
    def run(graph: Graph, seed: int) -> None:
        check(graph, seed, armv6m, ref)

    run()


@pytest.mark.parametrize("name", WIDE)
def test_wide_layers_equal_the_reference_kernels(
    name: str, armv6m: KernelServer, ref: KernelServer
) -> None:
    offered: list[set[str]] = []

    @EXAMPLES
    @given(WIDE[name], SEEDS)
    def run(graph: Graph, seed: int) -> None:
        offered.append(check(graph, seed, armv6m, ref))

    run()
    assert sum(bool(names) for names in offered) >= LEAST_OFFERED * len(offered)


@pytest.mark.parametrize("name", WIDE)
def test_the_emulated_core_computes_the_same(name: str, tmp_path: Path) -> None:
    taken = check_emulated("qemu-m0", "armv6m", drawn_cases(name, tmp_path, EMULATED_MODELS))
    assert taken - {"plain"}
