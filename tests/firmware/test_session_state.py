"""The session in C around a model that keeps something between inferences."""

from __future__ import annotations

import ctypes
from pathlib import Path

from fake_board import build_shim
from golden_frames import STATE_DIALOGUE


def test_the_firmware_answers_byte_for_byte(tmp_path: Path) -> None:
    library = build_shim(tmp_path, remembers=True)
    written = ctypes.create_string_buffer(1 << 12)
    library.memory_port_set_step(100)
    library.shim_start(5, 16, 0)
    library.memory_port_take(written, len(written))
    for name, _, request, answer in STATE_DIALOGUE:
        data = bytes.fromhex(request)
        library.shim_feed(data, len(data))
        size = library.memory_port_take(written, len(written))
        assert written.raw[:size].hex() == answer, name
