"""The messages of the device protocol, read from the list that the firmware is compiled with.

`firmware/protocol/tnf_messages.def` names every limit, field and message, `tnf_status.def` every
status. Nothing of them is repeated here.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from tinyflow import paths
from tinyflow.errors import ToolError

Value: TypeAlias = "int | float | bytes | str | tuple[int, ...]"

UINT32_MAX = (1 << 32) - 1
MAX_TEXT_CHARACTERS = 512
MAX_ARRAY_ITEMS = 256

_COMMENT = re.compile(r"/\*.*?\*/|^\s*#[^\n]*", re.DOTALL | re.MULTILINE)
_LIMIT = re.compile(r"TNF_LIMIT\(\s*(\w+),\s*(\d+)\)")
_FIELD = re.compile(r"TNF_FIELD\(\s*(\w+),\s*(\d+),\s*(\w+)\)")
_MESSAGE = re.compile(r"TNF_(REQUEST|REPLY)\(\s*(\w+),\s*(\d+),((?:[^()]|\(\w+\))*)\)")
_NAME = re.compile(r"F\((\w+)\)")
_STATUS = re.compile(r"TNF_STATUS\(\s*(\w+),\s*(\d+),\s*\"([^\"]*)\"\)")


@dataclass(frozen=True)
class Field:
    """A field: its name, its key in the CBOR map and its kind (UINT, BYTES ...)."""

    name: str
    key: int
    kind: str


@dataclass(frozen=True)
class MessageType:
    """A message: its name, its number, and the names of the fields it must and may have."""

    name: str
    number: int
    from_host: bool
    required: frozenset[str]
    optional: frozenset[str]


@dataclass(frozen=True)
class Definitions:
    """Everything the lists say, by name and by number."""

    limits: Mapping[str, int]
    fields: Mapping[str, Field]
    keys: Mapping[int, Field]
    messages: Mapping[str, MessageType]
    numbers: Mapping[int, MessageType]
    statuses: Mapping[int, str]
    status_names: Mapping[int, str]


class MalformedError(Exception):
    """A message that is not one of the protocol: dropped and counted, never seen by a user."""


@dataclass(frozen=True)
class Message:
    """A message taken apart; `values` by field name, without TYPE.

    `check` has proved their types; each getter is for fields of its own kind.
    """

    name: str
    values: Mapping[str, Value]

    @property
    def sequence(self) -> int | None:
        """The sequence number, None in a message that the device sent on its own."""
        return self.integer("SEQUENCE") if "SEQUENCE" in self.values else None

    def integer(self, name: str) -> int:
        return cast("int", self.values[name])

    def real(self, name: str) -> float:
        return cast("float", self.values[name])

    def data(self, name: str = "DATA") -> bytes:
        return cast("bytes", self.values[name])

    def text(self, name: str) -> str:
        return cast("str", self.values[name])

    def integers(self, name: str) -> tuple[int, ...]:
        return cast("tuple[int, ...]", self.values[name])


@functools.cache
def definitions() -> Definitions:
    """The lists, parsed. Raises ToolError when tinyflow's own files are damaged."""
    firmware = paths.data_folder("firmware")
    places = (
        firmware / "protocol" / "tnf_messages.def",
        firmware / "include" / "tnf_status.def",
    )
    try:
        texts = [_COMMENT.sub("", place.read_text(encoding="utf-8")) for place in places]
    except OSError as error:
        raise ToolError(f"{error.filename} cannot be read: {error.strerror}") from None
    return parse(*texts)


def parse(messages: str, statuses: str) -> Definitions:
    """The two lists without their comments, as definitions."""
    fields = [Field(m[1], int(m[2]), m[3]) for m in _FIELD.finditer(messages)]
    types = [_message_type(m) for m in _MESSAGE.finditer(messages)]
    status = [(int(m[2]), m[1], m[3]) for m in _STATUS.finditer(statuses)]
    found = len(fields) + len(types) + len(_LIMIT.findall(messages))
    if found != messages.count("TNF_") or len(status) != statuses.count("TNF_STATUS"):
        raise ToolError("tnf_messages.def or tnf_status.def has an entry that cannot be read")
    known = {field.name for field in fields}
    strange = {name for kind in types for name in kind.required | kind.optional} - known
    if strange:
        raise ToolError("tnf_messages.def names fields it does not list", sorted(strange))
    return Definitions(
        limits={m[1]: int(m[2]) for m in _LIMIT.finditer(messages)},
        fields={field.name: field for field in fields},
        keys={field.key: field for field in fields},
        messages={kind.name: kind for kind in types},
        numbers={kind.number: kind for kind in types},
        statuses={number: text for number, _, text in status},
        status_names={number: name for number, name, _ in status},
    )


def _message_type(match: re.Match[str]) -> MessageType:
    required, _, optional = match[4].partition(",")
    from_host = match[1] == "REQUEST"
    implied = {"SEQUENCE"} if from_host else set()
    return MessageType(
        name=match[2],
        number=int(match[3]),
        from_host=from_host,
        required=frozenset(_NAME.findall(required)) - {"NONE"} | implied,
        optional=frozenset(_NAME.findall(optional)) - {"NONE"},
    )


def _integer(low: int, high: int) -> Callable[[Any], Value]:
    def check(value: Any) -> Value:
        if type(value) is not int or not low <= value <= high:
            raise MalformedError("an integer is out of range")
        return value

    return check


def _real(value: Any) -> Value:
    if type(value) is not float or not math.isfinite(value):
        raise MalformedError("a float is not finite")
    return value


def _data(value: Any) -> Value:
    if type(value) is not bytes:
        raise MalformedError("a byte string is none")
    return value


def _text(value: Any) -> Value:
    if type(value) is not str or len(value) > MAX_TEXT_CHARACTERS:
        raise MalformedError("a text is none, or too long")
    return printable(value)


def _integers(value: Any) -> Value:
    if type(value) is not list or len(value) > MAX_ARRAY_ITEMS:
        raise MalformedError("an array is none, or too long")
    check = _KINDS["UINT"]
    return tuple(int(check(item)) for item in value)  # type: ignore[arg-type]


_KINDS: Mapping[str, Callable[[Any], Value]] = {
    "UINT": _integer(0, UINT32_MAX),
    "UINT64": _integer(0, (1 << 64) - 1),
    "INT": _integer(-(1 << 31), (1 << 31) - 1),
    "FLOAT": _real,
    "BYTES": _data,
    "TEXT": _text,
    "UINTS": _integers,
}


def printable(text: str) -> str:
    """`text` with what could upset a terminal replaced by question marks."""
    return "".join(c if c.isprintable() or c == "\t" else "?" for c in text)


def check(data: Any) -> Message:
    """A decoded CBOR item as a message of the protocol.

    Unknown fields are passed over. Raises MalformedError for everything else that is not as listed.
    """
    known = definitions()
    if type(data) is not dict:
        raise MalformedError("no map")
    number = data.get(known.fields["TYPE"].key)
    kind = known.numbers.get(number) if type(number) is int else None
    if kind is None:
        raise MalformedError("unknown message")
    values: dict[str, Value] = {}
    for key, value in data.items():
        field = known.keys.get(key) if type(key) is int else None
        if field is not None and field.name in kind.required | kind.optional:
            values[field.name] = _KINDS[field.kind](value)
    if not kind.required <= values.keys():
        raise MalformedError("a field is missing")
    return Message(kind.name, values)
