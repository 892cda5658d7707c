"""Writes the corpus' seeds: small files of every operator and of some networks.

python make_seeds.py FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from operator_cases import CASES
from parts_network import random_parts
from random_networks import random_networks
from row_networks import row_network
from streaming_networks import delay_network, ring_network, svdf_network
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph

MOST_BYTES = 4096
EACH = 2


def examples(strategy: SearchStrategy[Graph], count: int) -> list[Graph]:
    """The simplest example and some others."""
    found: list[Graph] = []

    @settings(
        max_examples=count * 4,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(graph: Graph) -> None:
        found.append(graph)

    collect()
    return found


def seeds() -> Iterator[tuple[str, Graph, int]]:
    """Names and graphs, and how many files of each there shall be."""
    for op, strategy in sorted(CASES.items()):
        for graph in examples(strategy, EACH):
            yield op.lower(), graph, EACH
    for graph in examples(random_networks(), 12):
        yield "network", graph, 12
    for seed in range(20):
        yield "parts", random_parts(seed), 8
        yield "rows", row_network(seed), 8
    for graph in (delay_network(), ring_network(), svdf_network()):
        yield "streaming", graph, 3


def main() -> None:
    folder = Path(sys.argv[1])
    written: dict[str, int] = {}
    for name, graph, most in seeds():
        content = write_tflite(graph)
        if len(content) <= MOST_BYTES and written.get(name, 0) < most:
            number = written[name] = written.get(name, 0) + 1
            (folder / f"{name}_{number}.tflite").write_bytes(content)


if __name__ == "__main__":
    main()
