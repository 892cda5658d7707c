"""Exact rewrites of the graph: it becomes smaller, and no output bit changes.

A pass is a function from a Graph to a Graph and a count of what it did, 0 when there was nothing to
do. Each keeps `origin` and `channels` of tensors true, so that any layer can still be compared with
the file's. Passes are repeated until none finds anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.compiler.passes.activations import fuse_activations
from tinyflow.compiler.passes.chains import join_chains
from tinyflow.compiler.passes.channels import remove_channels
from tinyflow.compiler.passes.constants import fold_constants
from tinyflow.compiler.passes.copies import remove_copies
from tinyflow.compiler.passes.draft import Change
from tinyflow.compiler.passes.padding import absorb_padding
from tinyflow.compiler.passes.unused import drop_unused
from tinyflow.compiler.verify import VerificationError, verify_graph

MAX_ROUNDS = 100


@dataclass(frozen=True)
class Pass:
    """A rewrite, and what it says of one and of several things that it did."""

    rewrite: Callable[[Graph], tuple[Graph, int]]
    one: str
    several: str

    @property
    def name(self) -> str:
        return self.rewrite.__name__


PASSES: tuple[Pass, ...] = (
    Pass(fold_constants, "computed a constant node", "computed {} constant nodes"),
    Pass(drop_unused, "removed an unused node", "removed {} unused nodes"),
    Pass(remove_copies, "removed a node that only copies", "removed {} nodes that only copy"),
    Pass(join_chains, "joined two nodes", "joined {} pairs of nodes"),
    Pass(
        fuse_activations,
        "took an activation into its producer",
        "took {} activations into their producers",
    ),
    Pass(absorb_padding, "took a PAD into a convolution", "took PADs into {} convolutions"),
    Pass(remove_channels, "removed a channel", "removed {:,} channels"),
)


def shrink(graph: Graph) -> tuple[Graph, tuple[Change, ...]]:
    """The smallest graph that the passes find, and what they did, in their order.

    Every node's constraints must hold; they do afterwards. Raises VerificationError where a pass
    made something unsound, which is a bug here.
    """
    counts: Counter[str] = Counter()
    macs: Counter[str] = Counter()
    for _ in range(MAX_ROUNDS):
        before = counts.total()
        for item in PASSES:
            rewritten, count = item.rewrite(graph)
            if not count:
                continue
            counts[item.name] += count
            rewritten = _prove(rewritten, item.name)
            macs[item.name] += total_macs(graph) - total_macs(rewritten)
            graph = rewritten
        if counts.total() == before:
            break
    return graph, tuple(
        Change(item.name, _text(item, counts[item.name], macs[item.name]))
        for item in PASSES
        if counts[item.name]
    )


def total_macs(graph: Graph) -> int:
    """Multiply-accumulates of one inference."""
    return sum(OPS[node.op].macs(graph, node) for node in graph.nodes)


def _prove(graph: Graph, name: str) -> Graph:
    verify_graph(graph, name)
    for node in graph.nodes:
        findings = check_node(graph, node)
        if findings:
            raise VerificationError(f"after {name}: {node.op} node {node.index}: {findings[0]}")
    return graph


def _text(item: Pass, count: int, macs: int) -> str:
    text = item.one if count == 1 else item.several.format(count)
    if macs >= 100_000:
        return f"{text}, {macs / 1e6:.2f} M MACs"
    return f"{text}, {macs:,} MACs" if macs else text


__all__ = ["PASSES", "Change", "Pass", "fold_constants", "shrink", "total_macs"]
