"""Files of hostile models: changes that keep the flatbuffer whole, and so come deep."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from damage import STRANGE_NUMBERS
from network_changes import HOSTILE
from tflite_writer import pack, unpack, write_tflite

from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.errors import ModelError

MOST_CHANGES = 3
NUMBERS = (*range(-3, 10), 16, 31, 32, 64, 127, 128, 255, 256, 4096, 65535, 65536, 2**31 - 1)
NUMBERS += (-128, -129, -(2**31))
FLOATS = (0.0, -1.0, 1e-45, 1e-38, 1e-10, 1 / 256, 0.5, 1.0, 6.0, 1e10, 3e38, float("nan"))
# What the schema's classes raise where a number does not fit its field, or a file is no file.
UNWRITABLE = (
    *(AssertionError, AttributeError, IndexError, KeyError, MemoryError, OverflowError),
    *(RecursionError, TypeError, UnicodeError, ValueError, struct.error),
)


def changed_graph(content: bytes, chance: random.Random) -> bytes | None:
    """The file of its graph after some changes; None where there is none."""
    try:
        graph = read_tflite(content)
        for _ in range(chance.randint(1, MOST_CHANGES)):
            graph = chance.choice(HOSTILE)(graph, chance)
        return write_tflite(graph)
    except (ModelError, *UNWRITABLE):
        return None


def changed_fields(content: bytes, chance: random.Random) -> bytes | None:
    """The file with other numbers in some fields of its tables; None where it has none."""
    try:
        if not _is_whole(content):
            return None
        with np.errstate(all="ignore"):
            model = unpack(content)
            places = list(_places(model))
            for _ in range(chance.randint(1, MOST_CHANGES)):
                _change(*chance.choice(places), chance)
            return pack(model)
    except UNWRITABLE:
        return None


def _is_whole(content: bytes) -> bool:
    """Whether the schema's classes, which check nothing, may read the file."""
    try:
        read_tflite(content)
    except ModelError as error:
        return "not a sound model" in error.what
    return True


def _places(table: Any) -> Iterator[tuple[Any, Any]]:
    """Every number of a table and of those in it: what holds it, and its name or index there.

    Weights count as one place.
    """
    for name, value in vars(table).items():
        if isinstance(value, list | np.ndarray):
            if len(value) and hasattr(value[0], "__dict__"):
                for entry in value:
                    yield from _places(entry)
            else:
                yield table, name
        elif hasattr(value, "__dict__"):
            yield from _places(value)
        elif isinstance(value, bool | int | float):
            yield table, name


def _change(table: Any, name: str, chance: random.Random) -> None:
    value = getattr(table, name)
    if isinstance(value, list | np.ndarray):
        setattr(table, name, _other_list(list(value), chance))
    else:
        setattr(table, name, _other(value, chance))


def _other_list(values: list[Any], chance: random.Random) -> list[Any]:
    place = chance.randrange(len(values) + 1)
    kind = chance.randrange(4)
    if kind == 0 and values:
        values.pop(min(place, len(values) - 1))
    elif kind == 1:
        values.insert(place, chance.choice(values) if values else chance.choice(NUMBERS))
    elif values:
        place = min(place, len(values) - 1)
        values[place] = _other(values[place], chance)
    return values


def _other(value: Any, chance: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, float | np.floating):
        return chance.choice((*FLOATS, float(value) * 2, float(value) / 2))
    near = int(value) + chance.choice((-2, -1, 1, 2))
    return chance.choice((near, near, near, *NUMBERS, *STRANGE_NUMBERS))
