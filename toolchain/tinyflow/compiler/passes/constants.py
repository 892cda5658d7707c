"""Computes nodes whose result does not depend on the model's inputs."""

from __future__ import annotations

import dataclasses

from tinyflow.compiler.graph import ABSENT, Graph
from tinyflow.compiler.passes.draft import Draft
from tinyflow.compiler.passes.evaluation import evaluate


def fold_constants(graph: Graph) -> tuple[Graph, int]:
    """The graph with such nodes' outputs as constants; and how many nodes went.

    It works on graphs that have not been checked yet: what it does not know it leaves. A node that
    writes an output of the model stays.
    """
    draft = Draft(graph)
    kept = []
    for node in graph.nodes:
        values = None
        known = node.op == "SHAPE" or all(_is_constant(draft, index) for index in node.inputs)
        if known and len(node.outputs) == 1 and node.outputs[0] not in graph.outputs:
            values = evaluate(draft.graph(), node)
        if values is None:
            kept.append(node)
            continue
        output = draft.tensors[node.outputs[0]]
        draft.tensors[node.outputs[0]] = dataclasses.replace(output, data=values)
    draft.nodes = kept
    return draft.graph(), len(graph.nodes) - len(kept)


def _is_constant(draft: Draft, index: int) -> bool:
    return index != ABSENT and draft.tensors[index].data is not None
