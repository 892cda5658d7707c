"""The repository keeps its own rules: style, types, layers, file sizes, what is tracked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
MAX_LINES = 400


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def passes(*command: str) -> None:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def test_ruff_finds_nothing() -> None:
    passes("ruff", "check", ".")


def test_python_is_formatted() -> None:
    passes("ruff", "format", "--check", ".")


def test_types_are_right() -> None:
    passes("mypy")


def test_the_layers_hold() -> None:
    passes("lint-imports")


def test_c_is_formatted() -> None:
    sources = [str(path) for path in tracked("*.c", "*.h", "*.cpp")]
    assert sources
    passes("clang-format", "--dry-run", "-Werror", *sources)


def test_no_file_outgrows_its_room() -> None:
    sizes = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in tracked("*.py", "*.c", "*.h", "*.cpp", "*.j2", "Makefile")
    }
    assert {name: size for name, size in sizes.items() if size > MAX_LINES} == {}


@pytest.mark.parametrize("word", ["/work/", "/tmp/oracle", "/root/"])
def test_no_path_of_a_machine_is_tracked(word: str) -> None:
    own = Path(__file__)
    hits = [
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if path != own and word.encode() in path.read_bytes()
    ]
    assert hits == []
