"""The ring between a UART's interrupt handler and the main loop, compiled for this machine."""

from __future__ import annotations

import ctypes
import random

import pytest

from tinyflow import paths, process

SIZE = 16
SOURCE = f"""
#include "rx_ring.h"
static volatile uint8_t bytes[{SIZE}];
static rx_ring_t ring = {{bytes, {SIZE}, UINT32_MAX - 40u, UINT32_MAX - 40u}};
void put(uint8_t byte) {{ rx_ring_put(&ring, byte); }}
size_t take(uint8_t *to, size_t capacity) {{ return rx_ring_take(&ring, to, capacity); }}
int empty(void) {{ return rx_ring_empty(&ring); }}
"""


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """A ring of 16 bytes whose counts are about to wrap."""
    folder = tmp_path_factory.mktemp("ring")
    (folder / "ring.c").write_text(SOURCE, encoding="utf-8")
    library = folder / "ring.so"
    include = paths.data_folder("firmware") / "ports" / "bare"
    process.run(
        [
            *("cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-shared", "-fPIC"),
            *(f"-I{include}", str(folder / "ring.c"), "-o", str(library)),
        ],
        timeout=60,
    )
    loaded = ctypes.CDLL(str(library))
    loaded.take.restype = ctypes.c_size_t
    loaded.take.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    loaded.put.argtypes = [ctypes.c_uint8]
    loaded.put.restype = None
    return loaded


def test_bytes_leave_in_order_and_a_full_ring_drops_the_newest(ring: ctypes.CDLL) -> None:
    choice, held, next_byte, dropped = random.Random(5), bytearray(), 0, 0
    buffer = ctypes.create_string_buffer(SIZE + 1)
    for _ in range(200):
        for _ in range(choice.randrange(SIZE)):
            ring.put(next_byte)
            if len(held) < SIZE:
                held.append(next_byte)
            else:
                dropped += 1
            next_byte = (next_byte + 1) % 256
        assert ring.empty() == (not held)
        capacity = choice.randrange(SIZE + 2)
        taken = ring.take(buffer, capacity)
        assert buffer.raw[:taken] == bytes(held[:capacity])
        del held[:capacity]
    assert dropped > 0
