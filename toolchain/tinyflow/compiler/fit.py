"""Whether a graph can be compiled, and whether what was compiled fits a board."""

from __future__ import annotations

from pathlib import Path

from tinyflow.artifacts import CompiledModel
from tinyflow.artifacts.model import ITEM_BYTES
from tinyflow.boards import BoardProfile
from tinyflow.compiler.graph import Graph, Node, Tensor
from tinyflow.compiler.naming import comment_text
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.errors import ModelError

MAX_ARENA_BYTES = 1 << 28
FIRMWARE_RAM_BYTES = 8192
"""About what the firmware around a model takes beside the stack: session, buffers, C library."""
QUANTIZED = ("int8", "int16")


def check_graph(graph: Graph, source: Path) -> None:
    """Raise ModelError with all that tinyflow cannot compile of the model in file `source`."""
    findings = [*_edges(graph), *node_findings(graph)]
    if not graph.nodes:
        findings.append("no operators")
    if findings:
        count = "one thing" if len(findings) == 1 else f"{len(findings)} things"
        raise ModelError(
            f"{source.name} has {count} that tinyflow cannot compile",
            findings,
            [f"supported operators: {', '.join(sorted(OPS))}"],
        )
    total = sum(t.size_bytes for t in graph.tensors if t.data is None)
    if total > MAX_ARENA_BYTES:
        raise ModelError(
            f"{source.name} has {total:,} B of activations, the limit is {MAX_ARENA_BYTES:,} B"
        )


def node_findings(graph: Graph) -> list[str]:
    """What is wrong with each node: its number, operator and layer, the rule, what was found."""
    findings = []
    for node in graph.nodes:
        where = node_text(graph, node)
        if node.op not in OPS:
            findings.append(f"{where}: the operator is not supported")
        else:
            findings += [f"{where}: {finding}" for finding in check_node(graph, node)]
    return findings


def node_text(graph: Graph, node: Node) -> str:
    """A node as people find it again: node 3 CONV_2D (block_1/conv)."""
    layer = comment_text(graph.output(node).name) if node.outputs else "no output"
    return f"node {node.index} {comment_text(node.op)} ({layer})"


def arena_budget(board: BoardProfile) -> int:
    """The bytes of RAM that the board has for an arena, beside its stack and the firmware."""
    return max(0, board.memory.ram_bytes - board.memory.stack_bytes - FIRMWARE_RAM_BYTES)


def check_fits(compiled: CompiledModel, board: BoardProfile) -> None:
    """Raise ModelError when the model cannot fit the board, before anything is built.

    Only what is certain is checked here: the arena with the stack against RAM, the weights
    against flash. The builder checks the whole image.
    """
    memory = board.memory
    room = memory.ram_bytes - memory.stack_bytes
    findings = []
    if compiled.arena_bytes > room:
        findings += [
            f"{compiled.arena_bytes:,} B of arena, board {board.name} has {room:,} B of RAM "
            f"beside its {memory.stack_bytes:,} B of stack",
            f"busiest at {compiled.busiest}",
        ]
    if compiled.weights_bytes > memory.flash_bytes:
        findings.append(
            f"{compiled.weights_bytes:,} B of weights, board {board.name} has "
            f"{memory.flash_bytes:,} B of flash"
        )
    if findings:
        raise ModelError(
            f"model {compiled.name} does not fit board {board.name}",
            findings,
            ["tinyflow boards"],
        )


def _edges(graph: Graph) -> list[str]:
    """What is wrong with the model's inputs and outputs."""
    findings = []
    for what, tensors in (("input", graph.inputs), ("output", graph.outputs)):
        for index in tensors:
            tensor = graph.tensors[index]
            named = f"{what} {comment_text(tensor.name)}"
            findings += [f"{named} {found}" for found in _edge(tensor)]
            if tensor.size_bytes > MAX_ARENA_BYTES:
                findings.append(f"{named} has {tensor.size_bytes:,} B")
    return findings


def _edge(tensor: Tensor) -> list[str]:
    if tensor.data is not None:
        return ["is a constant"]
    if tensor.dtype not in ITEM_BYTES:
        known = ", ".join(ITEM_BYTES)
        return [f"is {tensor.dtype}: tinyflow's models take and give {known}"]
    per_tensor = tensor.quantization is not None and len(tensor.quantization.scales) == 1
    if tensor.dtype in QUANTIZED and not per_tensor:
        return [f"is {tensor.dtype} without one scale"]
    return []
