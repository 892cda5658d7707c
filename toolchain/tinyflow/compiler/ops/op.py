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

    from tinyflow.compiler.memory.rows import RowTrace

Constraint = Callable[[Graph, Node], "str | None"]
"""Returns None when the node keeps the rule, else the value found ("dilation is 2x2")."""


CTYPE_BYTES = {
    "int8_t": 1,
    "uint8_t": 1,
    "int16_t": 2,
    "int32_t": 4,
    "int64_t": 8,
    "float": 4,
}


@dataclass(frozen=True, eq=False)
class Constant:
    """A constant array of a kernel call: the parameter field that points to it, and its values.

    `ctype` is a key of CTYPE_BYTES; `data` is flattened in C order when printed.
    """

    field: str
    ctype: str
    data: NDArray[Any]

    @property
    def size_bytes(self) -> int:
        return int(self.data.size) * CTYPE_BYTES[self.ctype]


@dataclass(frozen=True)
class View:
    """Tensor `part`'s bytes are those of tensor `whole` from byte `offset` on."""

    part: int
    whole: int
    offset: int = 0


@dataclass(frozen=True)
class Overlap:
    """The output may lie over an input that is not needed afterwards.

    It must start at most `reach` bytes after the input starts. 0 is for kernels that go forward and
    read each element before they write it. For kernels that copy what they read by rows, `rows` say
    how, and `reach` is memory.reach(rows).
    """

    input: int
    output: int
    reach: int = 0
    rows: RowTrace | None = None


@dataclass(frozen=True)
class KernelCall:
    """A call of a kernel: `function(&params, input..., output...[, scratch])`.

    `header` declares `function`; `kernels` are source files of the backend's folder, without
    suffix, that define it and what it calls. `params` are fields of the struct `params_type`, in
    order; a field that points to a constant is in `constants` instead. `inputs` and `outputs` are
    tensor indices in the order of the arguments, passed as pointers to their type, or to bytes
    where the call is `bytewise`. A call with a `view` only copies: it is left out where the memory
    plan puts the one tensor inside the other. `by_rows` is the function, of a file named like it,
    that computes single rows with the same parameters and scratch, see tnf_rows.h; empty where
    there is none.
    """

    function: str
    header: str
    kernels: tuple[str, ...]
    params_type: str
    params: tuple[tuple[str, int | float], ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    constants: tuple[Constant, ...] = ()
    scratch_bytes: int = 0
    bytewise: bool = False
    view: View | None = None
    by_rows: str = ""


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

    reference_fault: ClassVar[str] = ""
    """Where the reference interpreter is known to be wrong, for who compares with it."""

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

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        """Which inputs an output may overwrite as it is written."""
        return ()

    def updates(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """States among the inputs that the node changes."""
        return ()

    @abstractmethod
    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        """The kernel calls, in order; none where there is nothing to do."""


def in_place(node: Node, *inputs: int) -> tuple[Overlap, ...]:
    """The first output may start where any of the tensors `inputs` does, or before."""
    return tuple(Overlap(tensor, node.outputs[0]) for tensor in inputs)
