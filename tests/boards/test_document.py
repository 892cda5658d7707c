"""docs/board-profiles.md is printed from the schema of a board profile."""

from __future__ import annotations

from pathlib import Path

from tinyflow.boards.document import board_markdown, sections

DOCUMENT = Path(__file__).parents[2] / "docs" / "board-profiles.md"


def test_every_section_and_key_has_its_words() -> None:
    for place, text, keys in sections():
        assert text, place
        assert all(key.text for key in keys), place


def test_the_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == board_markdown(), (
        "renew it: python -m tinyflow.boards.document > docs/board-profiles.md"
    )
