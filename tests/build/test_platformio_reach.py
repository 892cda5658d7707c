"""An AVR's constants beyond what 16 bits reach, as avr-gcc's own linker script places them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tinyflow.artifacts import FirmwareProject
from tinyflow.boards import load_board
from tinyflow.build import platformio
from tinyflow.errors import ModelError

SOURCE = """
#define ROOM(name, bytes) const __flash char name[bytes] = {1}
ROOM(first, 32000);
ROOM(second, 32000);
ROOM(third, THIRD_BYTES);
int main(void) { return first[*(volatile int *)0] + second[1] + third[2]; }
"""


def link(folder: Path, third_bytes: int) -> Path:
    (folder / "constants.c").write_text(SOURCE)
    subprocess.run(
        ["avr-gcc", "-mmcu=atmega2560", "-O0", f"-DTHIRD_BYTES={third_bytes}", "constants.c",
         "-Wl,-Map=firmware.map", "-o", "firmware.elf"],
        check=True, cwd=folder, timeout=60,
    )  # fmt: skip
    return folder / "firmware.map"


def test_constants_out_of_reach_are_the_model_s_error(tmp_path: Path) -> None:
    board = replace(load_board("native"), name="mega")
    project = FirmwareProject(tmp_path, "mega", "arduino", "digits", "", "")
    platformio._check_reach(project, board, link(tmp_path, 1000))
    with pytest.raises(ModelError, match="digits has more constants than board mega") as caught:
        platformio._check_reach(project, board, link(tmp_path, 2000))
    # 66,000 bytes of them, behind the vectors.
    assert "beyond the first 65,536 B of flash" in str(caught.value)
