"""Whether a graph can be compiled, and whether what was compiled fits a board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tinyflow.artifacts import CompiledModel, Finding
from tinyflow.artifacts.model import ITEM_BYTES, QUANTIZED
from tinyflow.boards import BoardProfile
from tinyflow.compiler.advice import QUANTIZE, UNSIGNED, advice
from tinyflow.compiler.graph import ABSENT, Graph, Tensor
from tinyflow.compiler.naming import comment_text
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.errors import ModelError

MAX_ARENA_BYTES = 1 << 28
MAX_OPERATORS = 8192
MAX_ACTIVATIONS = 8192
FIRMWARE_RAM_BYTES = 8192
"""About what the firmware around a model takes beside the stack: session, buffers, C library."""


def check_graph(graph: Graph, source: Path) -> None:
    """Raise ModelError with all that tinyflow cannot compile of the model in file `source`."""
    findings = find(graph)
    if findings:
        count = "one thing" if len(findings) == 1 else f"{len(findings)} things"
        raise ModelError(
            f"{source.name} has {count} that tinyflow cannot compile",
            [finding_text(finding) for finding in findings],
            [f"tinyflow check {source.name}"],
        )


def find(graph: Graph) -> list[Finding]:
    """All that tinyflow cannot compile of a model, in the order of its nodes."""
    findings = [Finding(-1, "", "", *found) for found in _edges(graph)]
    findings += _one_of_float(graph, list(_nodes(graph)))
    if not graph.nodes:
        findings.append(Finding(-1, "", "", "no operators", "it has nothing to compute"))
    findings += _counts(graph)
    total = sum(t.size_bytes for t in graph.tensors if t.data is None)
    if total > MAX_ARENA_BYTES and not findings:
        text = f"{total:,} B of activations, the limit is {MAX_ARENA_BYTES:,} B"
        findings.append(Finding(-1, "", "", text, "use a smaller input or fewer channels"))
    return findings


def _counts(graph: Graph) -> Iterator[Finding]:
    """More than any model for a microcontroller has, and more than can be planned in seconds."""
    made = len(graph.inputs) + sum(len(node.outputs) for node in graph.nodes)
    for count, what, limit in (
        (len(graph.nodes), "operators", MAX_OPERATORS),
        (made, "activation tensors", MAX_ACTIVATIONS),
    ):
        if count > limit:
            text = f"{count:,} {what}, the limit is {limit:,}"
            yield Finding(-1, "", "", text, "use a model with fewer layers")


def finding_text(finding: Finding) -> str:
    """A finding as one line: node 3 CONV_2D (block_1/conv): the rule (found: ...)."""
    if finding.node < 0:
        return finding.text
    return f"node {finding.node} {finding.op} ({finding.layer}): {finding.text}"


def _one_of_float(graph: Graph, findings: list[Finding]) -> list[Finding]:
    """The findings; one takes the place of all that are there as nothing is quantised."""
    made = {i for node in graph.nodes for i in node.outputs if i != ABSENT}
    kinds = {graph.tensors[i].dtype for i in made} & {"float32", *QUANTIZED}
    alike = {found.node for found in findings if found.advice == QUANTIZE}
    if kinds != {"float32"} or len(alike) < 2:
        return findings
    weights = any(t.data is not None and t.dtype == "int8" for t in graph.tensors)
    why = "only its weights are quantised" if weights else "the model is not quantised"
    text = f"{why}: {len(alike)} of {len(graph.nodes)} operators compute in float32"
    others = [found for found in findings if found.advice != QUANTIZE]
    return [Finding(-1, "", "", text, QUANTIZE), *others]


def _nodes(graph: Graph) -> Iterator[Finding]:
    for node in graph.nodes:
        known = node.op in OPS
        texts = check_node(graph, node) if known else ["the operator is not supported"]
        layer = comment_text(graph.output(node).name) if node.outputs else "no output"
        for text in texts:
            yield Finding(node.index, comment_text(node.op), layer, text, advice(graph, node, text))


def arena_budget(board: BoardProfile) -> int:
    """The bytes of RAM that the board has for an arena, beside its stack and the firmware."""
    return max(0, board.memory.ram_bytes - board.memory.stack_bytes - FIRMWARE_RAM_BYTES)


def check_fits(compiled: CompiledModel, board: BoardProfile) -> None:
    """Raise ModelError when the model cannot fit the board, before anything is built.

    Only what is certain is checked here: the arena with the stack against RAM, what it has no
    room for against slow RAM, the weights against flash. The builder checks the whole image.
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
    if compiled.slow_bytes > memory.slow_ram_bytes:
        findings.append(
            f"{compiled.slow_bytes:,} B of tensors for which the arena has no room, board "
            f"{board.name} has {memory.slow_ram_bytes:,} B of slow RAM"
        )
    if compiled.weights_bytes > memory.flash_bytes:
        findings.append(
            f"{compiled.weights_bytes:,} B of weights, board {board.name} has "
            f"{memory.flash_bytes:,} B of flash"
        )
    if findings:
        raise ModelError(
            f"model {compiled.name} does not fit board {board.name}",
            findings,
            [f"tinyflow check {compiled.model.name}"],
        )


def _edges(graph: Graph) -> list[tuple[str, str]]:
    """What is wrong with the model's inputs and outputs, each with what to change."""
    findings = []
    for what, tensors in (("input", graph.inputs), ("output", graph.outputs)):
        for index in tensors:
            tensor = graph.tensors[index]
            named = f"{what} {comment_text(tensor.name)}"
            change = UNSIGNED if tensor.dtype == "uint8" else QUANTIZE
            findings += [(f"{named} {found}", change) for found in _edge(tensor)]
            if tensor.size_bytes > MAX_ARENA_BYTES:
                findings.append((f"{named} has {tensor.size_bytes:,} B", "use a smaller input"))
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
