"""Seeded damage to a file: what a bad download, a bad disk or a bad tool leaves."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

STRANGE_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0)


def damaged(content: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` damaged copies of `content`, each with what was done to it.

    The kinds take turns: bits flipped, a number overwritten (at any place and at places in the
    head, where the tables are), bytes copied over others, bytes taken out, bytes put in, the end
    cut off, and several at once.
    """
    chance = random.Random(seed)
    kinds = (_flip, _number, _head_number, _copy, _remove, _insert, _cut, _several)
    for turn in range(count):
        kind = kinds[turn % len(kinds)]
        yield f"{turn} {kind.__name__.strip('_')}", kind(content, chance)


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _number(content: bytes, chance: random.Random, end: int | None = None) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4))):
        near = chance.randrange(len(content) + 64)
        value = chance.choice((*STRANGE_NUMBERS, near, chance.getrandbits(32)))
        at = chance.randrange(0, (end or len(changed)) - 3, chance.choice((1, 4)))
        struct.pack_into("<I", changed, at, value)
    return bytes(changed)


def _head_number(content: bytes, chance: random.Random) -> bytes:
    return _number(content, chance, min(len(content), 4096))


def _copy(content: bytes, chance: random.Random) -> bytes:
    size = chance.randrange(1, min(512, len(content)))
    start = chance.randrange(len(content) - size)
    to = chance.randrange(len(content) - size)
    return content[:to] + content[start : start + size] + content[to + size :]


def _remove(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    return content[:start] + content[start + chance.choice((1, 2, 4, 16, 256)) :]


def _insert(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    return content[:start] + chance.randbytes(chance.choice((1, 2, 4, 16, 256))) + content[start:]


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def _several(content: bytes, chance: random.Random) -> bytes:
    for kind in chance.choices((_flip, _number, _head_number, _copy, _insert), k=3):
        content = kind(content, chance)
    return content
