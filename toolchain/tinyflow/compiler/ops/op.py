"""What the compiler asks of an operator.

One class per operator answers everything: its constraints, its cost, how its memory may be
shared, and the kernel call it becomes. A constraint's docstring is the rule, the documentation
and the error text in one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tinyflow.compiler.graph import Graph, Node

if TYPE_CHECKING:
    from numpy.typing import NDArray

Constraint = Callable[[Graph, Node], "str | None"]
"""Returns None when the node keeps the rule, else the value found ("dilation is 2x2")."""


@dataclass(frozen=True, eq=False)
class Constant:
    """A constant array of a kernel call: the parameter field that points to it, and its values.

    `ctype` is int8_t, int16_t, int32_t or uint8_t; `data` is flattened in C order when printed.
    """

    field: str
    ctype: str
    data: NDArray[Any]

    @property
    def size_bytes(self) -> int:
        return (
            int(self.data.size)
            * {"int8_t": 1, "uint8_t": 1, "int16_t": 2, "int32_t": 4}[self.ctype]
        )


@dataclass(frozen=True)
class KernelCall:
    """A node lowered to C: `function(&params, input..., output[, scratch])`.

    `kernels` are source files of the backend's folder, without suffix, that define `function` and
    what it calls. `params` are fields of the struct `params_type` in order; a field whose constant
    is in `constants` is a pointer and is not in `params`. `inputs` are tensor indices of the
    activations passed, in order.
    """

    function: str
    kernels: tuple[str, ...]
    params_type: str
    params: tuple[tuple[str, int], ...]
    constants: tuple[Constant, ...]
    inputs: tuple[int, ...]
    scratch_bytes: int = 0


def rule_text(rule: Constraint) -> str:
    """The rule as a sentence, from its docstring."""
    return " ".join((rule.__doc__ or "").split()).rstrip(".")


def finding(rule: Constraint, found: str) -> str:
    """The rule, and what was found instead."""
    return f"{rule_text(rule)} (found: {found})"


class Op(ABC):
    """One operator of the .tflite schema. The docstring of its class is its documentation."""

    name: ClassVar[str]
    structure: ClassVar[tuple[Constraint, ...]] = ()
    """Rules about which operands there are, in order: each may rely on those before it."""
    constraints: ClassVar[tuple[Constraint, ...]] = ()
    """Rules about values, in any order: all may rely on the structure."""

    def findings(self, graph: Graph, node: Node) -> list[str]:
        """What is wrong with the node, as "rule (found: value)"; empty when it can be lowered.

        Where an operand is missing or of the wrong kind only that is told: the other rules have
        nothing to look at.
        """
        for rule in self.structure:
            found = rule(graph, node)
            if found is not None:
                return [finding(rule, found)]
        told = [(rule, rule(graph, node)) for rule in self.constraints]
        return [finding(rule, found) for rule, found in told if found is not None]

    def macs(self, graph: Graph, node: Node) -> int:
        """Multiply-accumulates of one inference; 0 for operators that have none."""
        return 0

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Tensor indices of inputs whose memory the output may take, byte for byte.

        The kernel then runs with output == input: it must have read what it overwrites.
        """
        return ()

    @abstractmethod
    def lower(self, graph: Graph, node: Node) -> KernelCall | None:
        """The kernel call, or None where the output is the input's bytes (RESHAPE)."""
