"""docs/operators.md is printed from the operator classes."""

from __future__ import annotations

from pathlib import Path

from tinyflow.compiler.ops import OPS
from tinyflow.compiler.ops.document import described, operators_markdown

DOCUMENT = Path(__file__).parents[2] / "docs" / "operators.md"


def test_every_operator_is_described_with_its_rules() -> None:
    names = [name for name, text, rules in described() if text and rules]
    assert names == sorted(OPS)


def test_the_document_is_current() -> None:
    assert DOCUMENT.read_text() == operators_markdown(), (
        "renew it: python -m tinyflow.compiler.ops.document > docs/operators.md"
    )
