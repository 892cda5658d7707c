"""A bounded reader of FlatBuffers: tables, vectors and strings.

Every offset is checked before it is followed, and the work is bounded by the file's size, so no
content can lead outside the file, into a loop or to a large allocation. Of the format: all
numbers are little-endian; a table starts with the signed distance back to its vtable; a vtable
holds its own size, the table's size and the place of each field in the table, 0 for a field that
is left out; a vector or string is its length followed by its elements.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

U16 = struct.Struct("<H")
I32 = struct.Struct("<i")
U32 = struct.Struct("<I")
SCALARS = {
    "bool": struct.Struct("<?"),
    "int8": struct.Struct("<b"),
    "uint8": struct.Struct("<B"),
    "int32": struct.Struct("<i"),
    "uint32": U32,
    "uint64": struct.Struct("<Q"),
    "float32": struct.Struct("<f"),
}
IDENTIFIER_AT = 4
IDENTIFIER_BYTES = 4
# Parts of a file may be shared, so reading all of it can visit more bytes than it has; files in
# the field stay below once.
VISITS_PER_BYTE = 8
FREE_VISITS = 1 << 16
MAX_NUMBERS = 1 << 16


class FlatbufferError(Exception):
    """The bytes are no flatbuffer; the text names the place and the limit."""


class Flatbuffer:
    """The bytes of one file, and how many more of them may be visited."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._visits_left = len(content) * VISITS_PER_BYTE + FREE_VISITS

    @property
    def identifier(self) -> bytes:
        """The four bytes after the root offset; fewer where the file ends before."""
        return self.content[IDENTIFIER_AT : IDENTIFIER_AT + IDENTIFIER_BYTES]

    def root(self) -> Table:
        """The root table."""
        return Table(self, self.follow(0))

    def unpack(self, form: struct.Struct, position: int) -> Any:
        """The number at `position`."""
        self.require(position, form.size, "a number")
        return form.unpack_from(self.content, position)[0]

    def follow(self, position: int) -> int:
        """Where the offset stored at `position` points to."""
        return position + int(self.unpack(U32, position))

    def require(self, position: int, size: int, what: str) -> None:
        """Raise FlatbufferError unless `size` bytes from `position` lie in the file."""
        if position < 0 or position + size > len(self.content):
            raise FlatbufferError(
                f"{what} of {size:,} B at byte {position:,} lies outside"
                f" the file's {len(self.content):,} B"
            )

    def visit(self, size: int) -> None:
        """Count `size` bytes as visited; raises FlatbufferError when there were too many."""
        self._visits_left -= size
        if self._visits_left < 0:
            raise FlatbufferError(
                f"parts of the file are referred to over and over: reading it takes more than"
                f" {VISITS_PER_BYTE} times its {len(self.content):,} B"
            )

    def vector(self, position: int, element_bytes: int) -> tuple[int, int]:
        """Where the elements of the vector at `position` start, and how many there are."""
        count = int(self.unpack(U32, position))
        start = position + U32.size
        self.require(start, count * element_bytes, f"a vector of {count:,} elements")
        return start, count


class Table:
    """One table. Fields are asked for by slot: their number in the schema, from 0."""

    def __init__(self, buffer: Flatbuffer, position: int) -> None:
        self.buffer = buffer
        self.position = position
        self._vtable = position - int(buffer.unpack(I32, position))
        vtable_bytes = int(buffer.unpack(U16, self._vtable))
        self._size = int(buffer.unpack(U16, self._vtable + U16.size))
        if vtable_bytes < 2 * U16.size or vtable_bytes % U16.size:
            raise FlatbufferError(f"a vtable of {vtable_bytes} B at byte {self._vtable:,}")
        buffer.require(self._vtable, vtable_bytes, "a vtable")
        if self._size < I32.size:
            raise FlatbufferError(f"a table of {self._size} B at byte {position:,}")
        buffer.require(position, self._size, "a table")
        buffer.visit(vtable_bytes + self._size)
        self._fields = vtable_bytes // U16.size - 2

    def _field(self, slot: int, width: int) -> int | None:
        """Where the field is, or None where it is left out."""
        if slot >= self._fields:
            return None
        offset = int(self.buffer.unpack(U16, self._vtable + U16.size * (slot + 2)))
        if offset == 0:
            return None
        if offset < I32.size or offset + width > self._size:
            raise FlatbufferError(
                f"field {slot} at byte {offset} of a table of {self._size} B"
                f" at byte {self.position:,}"
            )
        return self.position + offset

    def scalar(self, slot: int, kind: str, default: Any) -> Any:
        """A number of `kind` (a key of SCALARS), or `default` where it is left out."""
        form = SCALARS[kind]
        place = self._field(slot, form.size)
        return default if place is None else self.buffer.unpack(form, place)

    def table(self, slot: int) -> Table | None:
        """The table a field points to, or None."""
        place = self._field(slot, U32.size)
        return None if place is None else Table(self.buffer, self.buffer.follow(place))

    def tables(self, slot: int, limit: int) -> list[Table]:
        """The tables of a vector; none where it is left out. More than `limit` is an error."""
        place = self._field(slot, U32.size)
        if place is None:
            return []
        start, count = self.buffer.vector(self.buffer.follow(place), U32.size)
        if count > limit:
            raise FlatbufferError(f"a vector of {count:,} tables, the limit is {limit:,}")
        self.buffer.visit(count * U32.size)
        places = range(start, start + count * U32.size, U32.size)
        return [Table(self.buffer, self.buffer.follow(place)) for place in places]

    def numbers(self, slot: int, dtype: str) -> list[Any]:
        """The numbers of a vector, as Python's; none where it is left out.

        More than 65,536 of them, which only data can have, is an error: `array` is for data.
        """
        found = self.array(slot, dtype)
        if found is None:
            return []
        if found.size > MAX_NUMBERS:
            raise FlatbufferError(f"a list of {found.size:,} numbers, the limit is {MAX_NUMBERS:,}")
        self.buffer.visit(found.nbytes)
        return list(found.tolist())

    def array(self, slot: int, dtype: str) -> NDArray[Any] | None:
        """A vector's numbers as a read-only view of the file, or None where it is left out."""
        place = self._field(slot, U32.size)
        if place is None:
            return None
        element = np.dtype(dtype).newbyteorder("<")
        start, count = self.buffer.vector(self.buffer.follow(place), element.itemsize)
        return np.frombuffer(self.buffer.content, element, count, start)

    def text(self, slot: int) -> str:
        """A string, empty where it is left out. What is not UTF-8 or not printable is replaced."""
        place = self._field(slot, U32.size)
        if place is None:
            return ""
        start, count = self.buffer.vector(self.buffer.follow(place), 1)
        self.buffer.visit(count)
        decoded = self.buffer.content[start : start + count].decode("utf-8", "replace")
        return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in decoded)
