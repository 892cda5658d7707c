"""A hand-off as it is opened: complete, the same every time, and built without Python."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tinyflow import checksums, cli, tools
from tinyflow.boards import load_board
from tinyflow.errors import ModelError, ProjectError
from tinyflow.handoff import archive
from tinyflow.pipeline import handoff as pipeline
from tinyflow.pipeline.handoff import Written

HandOff = Callable[[Path, Path, str], Written]
# Nothing else is on PATH while a hand-off is built; gcc's own parts lie beside it.
PROGRAMS = (
    *("cc", "gcc", "as", "ld", "ar", "ranlib", "sh", "sha256sum", "cut", "dirname", "chmod"),
    *("arm-none-eabi-gcc", "arm-none-eabi-ar", "arm-none-eabi-ranlib", "arm-none-eabi-objcopy"),
    *("arm-none-eabi-ld", "arm-none-eabi-as", "arm-none-eabi-nm"),
)


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment with a compiler, CMake and Ninja, and nothing else: no Python above all."""
    programs = tmp_path / "bin"
    programs.mkdir()
    found = {name: shutil.which(name) for name in PROGRAMS}
    found |= {name: str(tools.require(name)) for name in ("cmake", "ninja")}
    found["ctest"] = str(Path(str(found["cmake"])).with_name("ctest"))
    for name, place in found.items():
        assert place is not None, name
        wrapper = programs / name
        # A Python package's cmake is a Python script, which finds its own interpreter.
        wrapper.write_text(f'#!/bin/sh\nexec "{place}" "$@"\n')
        wrapper.chmod(0o755)
    return {"PATH": str(programs), "LC_ALL": "C"}


def test_it_is_complete(written: Written) -> None:
    files = set(checksums.listing(written.folder))
    assert {
        *("README.md", "MODEL_CARD.md", "LICENSE", "NOTICE", "SHA256SUMS", "sbom.cdx.json"),
        *("handoff.json", "model/digits.tflite", "image/firmware.bin", "image/firmware.elf"),
        *("image/run-qemu.sh", "image/run-qemu.bat", "test/test_vectors.c", "test/vectors.c"),
        *("firmware/CMakeLists.txt", "firmware/README.md", "firmware/src/main.c"),
        "firmware/src/reference.c",
        *("library/digits/src/digits_run.h", "library/digits/library.json"),
    } <= files
    assert not any(name.endswith(("artifact.json", ".map", ".j2")) for name in files)
    assert os.access(written.folder / "image/run-qemu.sh", os.X_OK)
    assert written.vectors == 16
    card = (written.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "Not known: the model came as a .tflite file." in card
    assert "instructions for one inference" in card
    assert "They are not cycles" in card
    assert "has nothing to compare them with" in card


def test_the_same_again_elsewhere_in_place_of_an_earlier_one(
    written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """By the command, from another folder, into one with files of the user's own."""
    there = Path(shutil.copytree(written.folder, tmp_path / "an other" / "name"))
    (there / "mine.txt").write_text("notes")
    (there / "NOTICE").write_text("x: written by tinyflow 0.0.1\n")
    (there / "model/digits.tflite").unlink()
    shutil.copy(written.archive, there.with_name("name.zip"))
    monkeypatch.chdir(tmp_path)
    model = str(written.folder / "model/digits.tflite")
    options = ("--board", "qemu-m4", "-o", str(there), "--json")
    assert cli.main(["handoff", model, *options]) == 0, capsys.readouterr().err
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["board"], told["model"], told["vectors"]) == ("qemu-m4", "digits", 16)
    assert told["zip"] == str(tmp_path / "an other" / "name.zip")
    assert checksums.differences(there, checksums.read(there)) == ["mine.txt is not listed"]
    assert checksums.read(there) == checksums.read(written.folder)
    assert Path(told["zip"]).read_bytes() == written.archive.read_bytes()
    places = [
        str(tmp_path).encode(),
        str(Path.home()).encode() + b"/",
        os.uname().nodename.encode(),
    ]
    for name in checksums.listing(there):
        content = (there / name).read_bytes()
        assert not any(place in content for place in places), name


def test_a_zip_file_of_others_is_not_written_over(hand_off: HandOff, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as zipped:
        zipped.writestr("thesis/chapter.txt", "years of work")
    before = (tmp_path / "out.zip").read_bytes()
    with pytest.raises(ProjectError, match=r"out\.zip is there already"):
        hand_off(tmp_path, tmp_path / "out", "qemu-m4")
    assert (tmp_path / "out.zip").read_bytes() == before
    assert not (tmp_path / "out").exists()


def test_the_zip_is_the_folder(written: Written, tmp_path: Path) -> None:
    there = archive.unpack(written.archive, tmp_path)
    assert there.name == "digits-qemu-m4"
    assert checksums.differences(there, checksums.read(written.folder)) == []
    with zipfile.ZipFile(written.archive) as zipped:
        entries = zipped.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    modes = {entry.filename.rpartition("/")[2]: entry.external_attr >> 16 for entry in entries}
    assert (modes["run-qemu.sh"], modes["README.md"]) == (0o100755, 0o100644)


def test_it_builds_and_passes_with_nothing_but_a_compiler(
    written: Written, bare: dict[str, str], tmp_path: Path
) -> None:
    """The commands of its README, in an environment that has no Python."""
    folder = archive.unpack(written.archive, tmp_path / "un packed")
    readme = (folder / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", readme, re.M | re.S)
    commands = [line.partition("  # ")[0] for block in blocks for line in block.splitlines()]
    assert [line.split()[0] for line in commands] == [
        *("image/run-qemu.sh", "cmake", "cc", "sha256sum", "cmake", "tinyflow"),
    ]
    for command in commands:
        if not command.startswith(("image/", "tinyflow ")):
            done = subprocess.run(
                command,
                shell=True,
                cwd=folder,
                env=bare,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "build/firmware.bin").read_bytes() == (
        folder / "image/firmware.bin"
    ).read_bytes()
    assert (
        "digits: 16 vectors, 10 layers each, every byte equal\n"
        in subprocess.run(
            [folder / "test_vectors"], capture_output=True, text=True, check=True
        ).stdout
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("digits.c", ".pad_top = 1", ".pad_top = 0", "vector 1: layer 0 differs"),
        ("digits_run.c", "memcpy(output", "(void)memcmp(output", "vector 0: output byte 0 is"),
    ],
)
def test_the_vectors_catch_other_code(
    written: Written, tmp_path: Path, file: str, old: str, new: str, told: str
) -> None:
    folder = Path(shutil.copytree(written.folder, tmp_path / "x"))
    library = folder / "test" / "library"
    source = library / file
    source.write_text(source.read_text().replace(old, new, 1))
    program = tmp_path / "program"
    sources = [*(folder / "test").glob("*.c"), *library.glob("*.c")]
    command = ["cc", "-std=c99", "-w", f"-I{library}", *map(str, sources)]
    subprocess.run([*command, "-o", str(program)], check=True)
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith(told)


def test_the_test_compiles_without_a_warning(written: Written, tmp_path: Path) -> None:
    flags = "-std=c99 -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wcast-qual"
    more = "-Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wdouble-promotion -Wvla"
    include = f"-I{written.folder / 'library/digits/src'}"
    sources = sorted(str(file) for file in (written.folder / "test").glob("*.c"))
    command = ["cc", *flags.split(), *more.split(), include, "-c", *sources]
    subprocess.run(command, check=True, cwd=tmp_path)


def test_another_run_of_a_process_takes_another_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """So its nanoseconds are no figure of a hand-off's; an emulator's instructions are."""
    rows = np.zeros((3, 4), np.int8)
    walk: Any = SimpleNamespace(require_board=lambda: load_board("native"))
    monkeypatch.setattr(pipeline, "_in_reference", lambda walk, inputs: None)
    for unit, count in (("nanoseconds", 0), ("instructions", 7)):
        answer = (rows, [9, 7, 5], unit)
        monkeypatch.setattr(pipeline, "_emulated", lambda walk, inputs, answer=answer: answer)
        trial = pipeline._trial(walk, rows, rows)
        assert (trial.emulated, trial.reference, trial.count) == (True, False, count)


def test_other_bytes_in_the_emulator_are_no_hand_off(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.zeros((3, 4), np.int8)
    walk: Any = SimpleNamespace(require_board=lambda: load_board("qemu-m4"))
    monkeypatch.setattr(pipeline, "_in_reference", lambda walk, inputs: rows)
    other = rows.copy()
    other[2, 1] = 1
    monkeypatch.setattr(pipeline, "_emulated", lambda walk, inputs: (other, [1, 1, 1], "cycles"))
    with pytest.raises(ModelError) as told:
        pipeline._trial(walk, rows, rows)
    assert told.value.detail == ("1 of 3 test vectors, the first is 2",)
