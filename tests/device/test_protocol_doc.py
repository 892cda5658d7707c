"""docs/protocol.md names every message and field of the list that both sides read."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_frames import DIALOGUE

from tinyflow.device import messages
from tinyflow.device.messages import MessageType

DOC = Path(__file__).parents[2] / "docs" / "protocol.md"


def listed(names: frozenset[str]) -> str:
    known = messages.definitions().fields
    return ", ".join(sorted(names - {"SEQUENCE"}, key=lambda name: known[name].key)) or "none"


def message_row(kind: MessageType) -> str:
    number = f"{kind.number}"
    return f"| `{kind.name}` | {number} | {listed(kind.required)} | {listed(kind.optional)} |"


def tables() -> str:
    """The lists as the document has them."""
    known = messages.definitions()
    lines = []
    for title, from_host in (("Requests", True), ("Replies", False)):
        lines += [
            f"{title}:",
            "",
            "| message | number | required | optional |",
            "|---|--:|---|---|",
        ]
        lines += [message_row(k) for k in known.messages.values() if k.from_host == from_host]
        lines.append("")
    kinds = {"UINT": "unsigned", "UINT64": "unsigned, 64 bits", "INT": "signed", "FLOAT": "float"}
    kinds |= {"BYTES": "byte string", "TEXT": "text", "UINTS": "array of unsigned"}
    lines += ["Keys:", "", "| kind | fields and their keys |", "|---|---|"]
    for kind, text in kinds.items():
        fields = [f"{f.name} {f.key}" for f in known.fields.values() if f.kind == kind]
        lines.append(f"| {text} | {', '.join(fields)} |")
    return "\n".join(lines)


def test_the_document_has_the_lists_as_they_are(request: pytest.FixtureRequest) -> None:
    before, begin, rest = DOC.read_text(encoding="utf-8").partition("<!-- the lists -->\n")
    found, end, after = rest.partition("<!-- end of the lists -->\n")
    assert begin and end
    wanted = f"\n{tables()}\n\n"
    if request.config.getoption("--update-golden"):
        DOC.write_text(f"{before}{begin}{wanted}{end}{after}", encoding="utf-8")
    else:
        assert found == wanted, "docs/protocol.md is not up to date: --update-golden"


def test_the_frame_that_is_taken_apart_is_a_golden_one() -> None:
    shown = DOC.read_text(encoding="utf-8").replace(" ", "")
    assert DIALOGUE[0][2] in shown
