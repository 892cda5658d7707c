"""The documentation of the operators, printed from their classes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from tinyflow.compiler.ops import OPS
from tinyflow.compiler.ops.op import rule_text

HEADER = """# Operators

Printed from the operator classes; do not edit. `python -m tinyflow.compiler.ops.document` prints
it anew.

Activations have the types that an operator's rules name; the batch may be any. Results equal those
of the reference kernels of TensorFlow Lite Micro and LiteRT 1.2 bit for bit, on every board; where
the two differ, the operator says which is followed. A model that breaks a rule below is refused
before any code is written, with the rule and what was found instead: `tinyflow check MODEL.tflite`
lists all of it. VAR_HANDLE and CALL_ONCE are read with the variables they belong to.
"""


def described() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each operator's schema name, its documentation, and its rules, in order of names."""
    for name, op in sorted(OPS.items()):
        rules = (*op.structure, *op.constraints)
        yield name, inspect.getdoc(type(op)) or "", tuple(rule_text(rule) for rule in rules)


def operators_markdown() -> str:
    """All operators as Markdown."""
    index = ", ".join(f"[{name}](#{name.lower()})" for name in sorted(OPS))
    parts = [HEADER, f"{index}\n"]
    for name, text, rules in described():
        lines = "\n".join(f"- {rule}." for rule in rules)
        parts.append(f"## {name}\n\n{text}\n\n{lines}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    import sys

    sys.stdout.write(operators_markdown())
