"""Every board profile parses, and what it names exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyflow import paths
from tinyflow.boards import BoardProfile, board_names, load_board
from tinyflow.build import BUILDERS
from tinyflow.errors import ProjectError
from tinyflow.flash import RUNNERS
from tinyflow.tools import TOOLS

FIRMWARE = paths.data_folder("firmware")
MAX_FACTOR = 65535  # of the counter, in the firmware's 32-bit arithmetic


@pytest.fixture(params=board_names())
def board(request: pytest.FixtureRequest) -> BoardProfile:
    return load_board(request.param)


def test_the_boards_of_this_release_are_there() -> None:
    assert {"native", "qemu-m4", "qemu-m3", "qemu-riscv32", "esp32"} <= set(board_names())


def test_what_a_profile_names_exists(board: BoardProfile) -> None:
    assert set(board.builders) <= set(BUILDERS)
    assert board.runner in RUNNERS
    assert set(board.tools) <= set(TOOLS)
    assert any((FIRMWARE / "ports" / board.port_layer).glob("*.c"))
    assert (FIRMWARE / "kernels" / board.backend).is_dir()
    if board.toolchain is not None and board.toolchain.linker_script:
        script = paths.data_folder("templates") / "linker" / board.toolchain.linker_script
        assert script.is_file()


def test_a_profile_has_what_its_builders_and_runner_need(board: BoardProfile) -> None:
    needs = {"cmake": board.toolchain, "platformio": board.platformio}
    assert all(needs[builder] is not None for builder in board.builders)
    settings = {"qemu": board.qemu, "esptool": board.esptool, "native": board}
    assert settings[board.runner] is not None
    if board.qemu is not None:
        assert board.qemu.program in board.tools


def test_memory_and_counter_make_sense(board: BoardProfile) -> None:
    memory = board.memory
    assert memory.stack_bytes < memory.ram_bytes
    if board.runner != "native":
        ends = memory.flash_origin + memory.flash_bytes, memory.ram_origin + memory.ram_bytes
        assert ends[0] <= memory.ram_origin or ends[1] <= memory.flash_origin
    assert board.counter.multiply <= MAX_FACTOR
    assert board.counter.divide <= MAX_FACTOR


def test_emulators_count_instructions_not_cycles(board: BoardProfile) -> None:
    if board.qemu is not None:
        assert board.counter.unit == "instructions"
        assert "-icount" in board.qemu.arguments


def test_an_unknown_board_is_told_with_the_nearest() -> None:
    with pytest.raises(ProjectError) as told:
        load_board("qemu-m5")
    assert told.value.what.startswith("board qemu-m5 is unknown, did you mean qemu-m")
    assert "qemu-riscv32" in str(told.value)


def test_a_projects_own_board_comes_first_and_is_checked_whole(tmp_path: Path) -> None:
    folder = tmp_path / "boards"
    folder.mkdir()
    text = (paths.data_folder("boards") / "qemu-m4.toml").read_text(encoding="utf-8")
    own = text.replace('title = "Cortex-M4', 'title = "my Cortex-M4')
    (folder / "qemu-m4.toml").write_text(own, encoding="utf-8")
    assert load_board("qemu-m4", tmp_path).title.startswith("my ")

    broken = own.replace("ram_bytes = 0x400000", "ram_byte = 0").replace("baud = 115200", "")
    (folder / "qemu-m4.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(ProjectError) as told:
        load_board("qemu-m4", tmp_path)
    assert "memory.ram_byte: unknown key, did you mean ram_bytes?" in str(told.value)
    assert "memory.ram_bytes: missing" in str(told.value)
    assert "baud: missing" in str(told.value)
