"""The UF2 format: a file of 512-byte blocks, each of which says where its bytes belong.

A bootloader's drive takes it block by block, in any order, whatever a file system does with it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tinyflow.errors import ProjectError

MAGIC_BEGIN = (0x0A324655, 0x9E5D5157)
MAGIC_END = 0x0AB16F30
FAMILY_PRESENT = 0x2000
BLOCK_BYTES = 512
# The flash chips' page, which the ROM writes at once.
PAYLOAD_BYTES = 256
MAX_ADDRESS = 1 << 32


def blocks(data: bytes, address: int, family: int) -> Iterator[bytes]:
    """The blocks that put `data` at `address` of a chip of `family`, whole pages of it.

    Raises ProjectError when there is nothing to put, when it is not at the beginning of a page or
    does not lie in 32 bits of address.
    """
    if not data:
        raise ProjectError("an image without a byte cannot be a UF2 file")
    if address % PAYLOAD_BYTES:
        raise ProjectError(
            f"an image at {address:#x} cannot be a UF2 file",
            [f"it must begin at a multiple of {PAYLOAD_BYTES}"],
        )
    count = -(-len(data) // PAYLOAD_BYTES)
    if not 0 <= address <= MAX_ADDRESS - count * PAYLOAD_BYTES:
        raise ProjectError(f"an image of {len(data)} B at {address:#x} ends beyond 32 bits")
    if not 0 < family < 1 << 32:
        raise ProjectError(f"family id {family:#x} does not have 32 bits")
    for number in range(count):
        at = number * PAYLOAD_BYTES
        head = struct.pack(
            "<8I",
            *MAGIC_BEGIN,
            FAMILY_PRESENT,
            address + at,
            PAYLOAD_BYTES,
            number,
            count,
            family,
        )
        payload = data[at : at + PAYLOAD_BYTES].ljust(BLOCK_BYTES - len(head) - 4, b"\0")
        yield head + payload + struct.pack("<I", MAGIC_END)
