"""Checks data from outside (TOML, JSON) against frozen dataclasses, strictly.

The types in the dataclass are the schema. Unknown keys, missing keys and wrong types are all
reported at once, each with its place, the value found and the near miss. pydantic does the
checking; it is imported only when something is checked.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_args, get_type_hints

from tinyflow.errors import ProjectError, near_miss

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - exercised by the oldest supported Python only
    import tomli as tomllib

MAX_TOML_BYTES = 1 << 20

T = TypeVar("T")


class Checked:
    """A dataclass that refuses unknown keys when it is read from outside."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid", "strict": True}


def read_toml(path: Path) -> dict[str, Any]:
    """The TOML file as plain data. Raises ProjectError when it is not one."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_TOML_BYTES:
        raise ProjectError(f"{path} has {len(raw)} B, the limit is {MAX_TOML_BYTES} B")
    try:
        data: dict[str, Any] = tomllib.loads(raw.decode("utf-8"))
        return data
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path} is not UTF-8: byte {error.start}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProjectError(f"{path} is not valid TOML: {error}") from None


def check(kind: type[T], data: Mapping[str, Any], source: Path | str) -> T:
    """`data` as an instance of the dataclass `kind`.

    Raises ProjectError that names every finding in `source` at once.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        # As JSON: strict there still takes an array for a tuple and a string for a Path.
        return TypeAdapter(kind).validate_json(json.dumps(dict(data), default=str))
    except ValidationError as error:
        findings = [_finding(kind, item) for item in error.errors(include_url=False)]
        count = f"{len(findings)} keys" if len(findings) > 1 else "a key"
        raise ProjectError(f"{source} has {count} to fix", findings) from None


def _finding(kind: type[Any], item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"])
    if item["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        known = _keys_at(kind, item["loc"][:-1])
        close = near_miss(str(item["loc"][-1]), known)
        return f"{where}: unknown key" + (f", did you mean {close}?" if close else "")
    if item["type"] in ("missing", "missing_argument"):
        return f"{where}: missing"
    message = item["msg"][:1].lower() + item["msg"][1:]
    return f"{where}: {message}, found {item['input']!r}"


def _keys_at(kind: Any, location: tuple[Any, ...]) -> list[str]:
    for part in location:
        if isinstance(part, int):
            continue  # the place in an array
        if dataclasses.is_dataclass(kind):
            kind = get_type_hints(kind).get(str(part))
        inner = [arg for arg in get_args(kind) if dataclasses.is_dataclass(arg)]
        kind = inner[0] if inner else kind
    return [f.name for f in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []
