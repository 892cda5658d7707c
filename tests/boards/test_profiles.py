"""Every board profile parses, and what it names exists."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tinyflow import doctor, paths
from tinyflow.boards import (
    BoardProfile,
    Counter,
    Memory,
    Platformio,
    board_names,
    load_board,
    read_board,
)
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
    assert set(board.runners) <= set(RUNNERS)
    assert set(doctor.board_tools(board)) <= set(TOOLS)
    assert (FIRMWARE / "kernels" / board.backend).is_dir()
    for builder in board.builders:
        for layer in board.for_builder(builder).port_layers:
            assert any((FIRMWARE / "ports" / layer).iterdir()), layer
    if board.toolchain is not None and board.toolchain.linker_script:
        script = paths.data_folder("templates") / "linker" / board.toolchain.linker_script
        assert script.is_file()


def test_memory_and_counter_make_sense(board: BoardProfile) -> None:
    memory = board.memory
    assert memory.stack_bytes < memory.ram_bytes
    assert (memory.slow_ram_origin > 0) == (memory.slow_ram_bytes > 0)
    if board.toolchain is not None and board.toolchain.linker_script:
        ends = memory.flash_origin + memory.flash_bytes, memory.ram_origin + memory.ram_bytes
        assert ends[0] <= memory.ram_origin or ends[1] <= memory.flash_origin
    assert board.counter.multiply <= MAX_FACTOR
    assert board.counter.divide <= MAX_FACTOR


def test_emulators_count_instructions_not_cycles(board: BoardProfile) -> None:
    if board.qemu is not None:
        assert board.for_runner("qemu").counter.unit == "instructions"
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


def test_a_section_that_a_builder_or_runner_needs_is_missed(tmp_path: Path) -> None:
    text = (paths.data_folder("boards") / "qemu-m4.toml").read_text(encoding="utf-8")
    own = text.replace('runners = ["qemu"]', 'runners = ["qemu", "openocd"]')
    file = tmp_path / "qemu-m4.toml"
    file.write_text(own.replace('"platformio"]', '"arduino"]'), encoding="utf-8")
    with pytest.raises(ProjectError) as told:
        read_board(file)
    assert told.value.what == f"{file} has 2 keys to fix"
    assert told.value.detail == (
        "arduino: missing, builder arduino needs it",
        "openocd: missing, runner openocd needs it",
    )


def test_a_builder_brings_its_own_port_and_memory_and_a_runner_its_counter() -> None:
    board = load_board("qemu-m4")
    assert board.toolchain is not None
    assert board.qemu is not None
    sdk = Platformio(
        "somebody/thatplatform @ ~1.0.0",
        "thatboard",
        framework="arduino",
        port_layers=("arduino",),
        memory=Memory(0, 1000, 5000, 1000),
        clock_hz=64_000_000,
    )
    qemu = replace(board.qemu, counter=Counter("instructions", 3, 2))
    both = replace(board, builders=("cmake", "arduino"), arduino=sdk, qemu=qemu)
    assert both.sdk == ""
    chosen = both.for_builder("arduino")
    assert chosen.sdk == sdk.platform
    assert (chosen.port_layers, chosen.memory.flash_bytes) == (("arduino",), 1000)
    assert (chosen.clock_hz, chosen.toolchain) == (64_000_000, None)
    assert chosen.for_builder("arduino") == chosen
    assert chosen.for_runner("qemu").counter.divide == 2
    # Slow RAM that bare metal starts is not there for an SDK, unless its own section says so.
    memory = replace(board.memory, slow_ram_origin=0x21000000, slow_ram_bytes=4096)
    inherits = replace(both, memory=memory, arduino=replace(sdk, memory=None))
    assert inherits.for_builder("cmake").memory == memory
    assert inherits.for_builder("arduino").memory == board.memory
    says = replace(both, arduino=replace(sdk, memory=memory))
    assert says.for_builder("arduino").memory == memory
    with pytest.raises(ProjectError, match="not built with cmake"):
        chosen.for_builder("cmake")
    with pytest.raises(ProjectError, match="not run with qem, did you mean qemu"):
        both.for_runner("qem")
