"""The documentation of board profiles, printed from the dataclasses that are their schema."""

from __future__ import annotations

import ast
import inspect
import itertools
import types
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Len

from tinyflow.boards import profile

HEADER = """# Board profiles

Printed from the schema; do not edit. `python -m tinyflow.boards.document` prints it anew.

A board is one file, `boards/NAME.toml`: tinyflow's own come with it, those in the folder `boards`
beside a `tinyflow.toml` come first. `tinyflow boards new NAME --from BOARD` writes one of your own,
`tinyflow boards show NAME` reads it back. Nothing is inherited: all that holds for a board is in
its file. An unknown key is an error that names the near miss.

A port layer of your own is a folder below `ports` beside the `tinyflow.toml`, with the C files that
define what `tnf_port.h` asks for; a linker script of your own is `templates/linker/NAME.ld.j2`.
"""


@dataclass(frozen=True)
class Key:
    """One key of a section: its name, type, default (empty: required) and documentation."""

    name: str
    type: str
    default: str
    text: str


def sections() -> Iterator[tuple[str, str, list[Key]]]:
    """Each section's name in the file (empty for the top), its documentation, its keys."""
    yield from _sections("", profile.BoardProfile, {})


def _sections(
    place: str, kind: type[Any], seen: dict[type[Any], str]
) -> Iterator[tuple[str, str, list[Key]]]:
    seen[kind] = place
    hints = get_type_hints(kind, include_extras=True)
    texts = dict(_attribute_texts(kind))
    keys, inner = [], []
    for item in fields(kind):
        found = _dataclass_in(hints[item.name])
        if found is None:
            keys.append(_key(item, hints[item.name], texts))
            continue
        many = get_origin(_plain(hints[item.name])) is tuple
        name = f"{place}.{item.name}".lstrip(".")
        name = f"[[{name}]]" if many else name
        inner.append((name, item, found, texts.get(item.name, "")))
    yield place, inspect.getdoc(kind) or "", keys
    for name, _item, found, text in inner:
        if found in seen:
            same = seen[found]
            yield name, f"{text} The keys are those of `[{same}]`.", []
        else:
            yield from _sections(name, found, seen)


def _attribute_texts(kind: type[Any]) -> Iterator[tuple[str, str]]:
    """The strings that stand under the fields in the source."""
    (definition,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(definition, ast.ClassDef)
    body = definition.body
    for field, text in itertools.pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            yield field.target.id, " ".join(str(text.value.value).split())


def _key(item: Field[Any], hint: Any, texts: dict[str, str]) -> Key:
    default = "" if item.default is MISSING else _shown(item.default)
    return Key(item.name, _type_text(hint), default, texts.get(item.name, ""))


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return f'"{value}"'
    return "[]" if value == () else str(value)


def _plain(hint: Any) -> Any:
    """The type without `Annotated` and without `None`."""
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        (kept,) = (arg for arg in get_args(hint) if arg is not type(None))
        return _plain(kept)
    return hint


def _dataclass_in(hint: Any) -> type[Any] | None:
    plain = _plain(hint)
    if get_origin(plain) is tuple:
        plain = _plain(get_args(plain)[0])
    return plain if isinstance(plain, type) and is_dataclass(plain) else None


def _type_text(hint: Any) -> str:
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (arg for arg in get_args(hint) if arg is not type(None))
    limits = ""
    if get_origin(hint) is Annotated:
        hint, *marks = get_args(hint)
        limits = "".join(_limit(mark) for mark in marks)
    if get_origin(hint) is Literal:
        return " \\| ".join(f"`{value}`" for value in get_args(hint))
    if get_origin(hint) is tuple:
        return f"list of {_type_text(get_args(hint)[0])}{limits}"
    return {"str": "text", "int": "integer"}[hint.__name__] + limits


def _limit(mark: Any) -> str:
    if isinstance(mark, Ge):
        return f", {mark.ge} or more"
    if isinstance(mark, Gt):
        return f", more than {mark.gt}"
    if isinstance(mark, Len):
        return f", at least {mark.min_length}"
    raise TypeError(f"{mark!r} has no words yet")


def board_markdown() -> str:
    """The schema as Markdown."""
    parts = [HEADER]
    for place, text, keys in sections():
        title = place if place.startswith("[[") else f"[{place}]"
        heading = f"## `{title}`" if place else "## The board"
        rows = [f"| `{k.name}` | {k.type} | {_default(k)} | {k.text} |" for k in keys]
        table = ["| key | type | default | |", "|---|---|---|---|", *rows] if rows else []
        parts.append("\n".join([heading, "", text, *(["", *table] if table else []), ""]))
    return "\n".join(parts)


def _default(key: Key) -> str:
    return f"`{key.default}`" if key.default else "required"


if __name__ == "__main__":
    import sys

    sys.stdout.write(board_markdown())
