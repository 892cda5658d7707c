"""Intel HEX as the compilers' own tool writes it, and as a damaged file has it."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from tinyflow.build import intel_hex
from tinyflow.errors import ToolError


def written(folder: Path, content: bytes, address: int) -> Path:
    """The file that objcopy writes for `content` at `address`."""
    (folder / "content.bin").write_bytes(content)
    subprocess.run(
        ["objcopy", "-I", "binary", "-O", "ihex", f"--change-addresses={address:#x}",
         "content.bin", "firmware.hex"],
        check=True, cwd=folder, timeout=60,
    )  # fmt: skip
    return folder / "firmware.hex"


# Past 64 KB records count anew from another base.
@pytest.mark.parametrize(
    ("address", "size"), [(0, 5), (0, 70_000), (0x10000, 70_000), (0x26000, 1)]
)
def test_what_objcopy_writes_is_read(address: int, size: int, tmp_path: Path) -> None:
    content = random.Random(size).randbytes(size)
    file = written(tmp_path, content, address)
    assert intel_hex.to_binary(file, address, size) == content
    before = intel_hex.to_binary(file, address and address - 16, size + 16)
    assert before == (b"\xff" * 16 + content if address else content)


def test_bytes_outside_of_flash_are_told(tmp_path: Path) -> None:
    file = written(tmp_path, bytes(100), 0x1000)
    for origin, limit in ((0x1000, 99), (0x1001, 1000)):
        with pytest.raises(ToolError, match="outside of the board's flash"):
            intel_hex.to_binary(file, origin, limit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no end record"),
        (":0100000041BE\n", "no end record"),
        (":0100000041BF\n:00000001FF\n", "line 1 has a wrong checksum"),
        (":0200000041BE\n", "line 1 has another length"),
        ("0100000041BE\n", "line 1 has another length"),
        (":00000001FF\x80", "line 1 is no record"),
        (":zz\n", "line 1 is no record"),
        (":0000000000\n:00000009F7\n", "line 2 is of unknown type 9"),
        (":01000004AA51\n", "line 1 is of unknown type 4"),
    ],
)
def test_a_damaged_file_is_told(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "firmware.hex"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ToolError, match=said):
        intel_hex.to_binary(file, 0, 1000)
