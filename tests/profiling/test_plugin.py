"""What the emulator's plugin writes, and how it comes to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyflow import process
from tinyflow.errors import ToolError
from tinyflow.profiling import plugin
from tinyflow.profiling.plugin import Block

WRITTEN = """begin
block 3 108 100 102
ran 3 9 0
told 1 2
begin
ran 3 10 1
block 4 108 100 102
ran 4 5 0
told 3 4
ran 3 1 1
told 0 1
ran 3 2 2
told 0 0
ran 3 7 7
"""
BLOCK = Block((0x100, 0x102), 0x108)


def test_the_last_inference_counts_and_blocks_translated_twice_are_one(tmp_path: Path) -> None:
    file = tmp_path / "out.txt"
    file.write_text(WRITTEN)
    first, second = plugin.read(file, [0, 1, 0])
    assert first.ran == {BLOCK: (17, 3)}
    assert (first.instructions, first.code_lines, first.data_lines) == (34, 3, 4)
    assert second.ran == {BLOCK: (1, 1)}
    assert (second.code_lines, second.data_lines) == (0, 1)
    assert first.without(lambda address: address == 0x100).ran == {}


@pytest.mark.parametrize("text", ["", "begin\n", "begin\ntold 0 0\n"])
def test_parts_that_are_not_the_models_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "out.txt"
    file.write_text(text)
    with pytest.raises(ToolError, match="parts of layers, the model has 3"):
        plugin.read(file, [0, 1, 0])


def test_a_path_with_a_comma_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="has a comma"):
        plugin.argument(tmp_path / "a.so", tmp_path / "a,b", [("begin", 1)])
    told = plugin.argument(Path("/a.so"), Path("/out"), [("begin", 1), ("told", 2), ("told", 3)])
    assert told == "/a.so,out=/out,begin=1,told=2,told=3"


def test_it_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYFLOW_CACHE_DIR", str(tmp_path))
    emulator = tmp_path / "qemu"
    emulator.write_text("#!/bin/sh\necho QEMU emulator version 9.2.0\n")
    emulator.chmod(0o755)
    made = plugin.build(emulator)
    assert made.is_file() and made.parent == tmp_path / "plugin"
    monkeypatch.setattr(plugin, "COMPILE_SECONDS", -1.0)
    assert plugin.build(emulator) == made


def test_a_missing_compiler_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYFLOW_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(process, "find_program", lambda name: None)
    with pytest.raises(ToolError, match="cc is not installed"):
        plugin.build(Path("/bin/true"))
