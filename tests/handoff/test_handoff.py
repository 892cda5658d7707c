"""A hand-off as it is opened: complete, the same every time, and built without Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tinyflow import checksums, cli, tools
from tinyflow.handoff import archive
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
        *("library/digits/src/digits_run.h", "library/digits/library.json"),
    } <= files
    assert not any(name.endswith(("artifact.json", ".map", ".j2")) for name in files)
    assert os.access(written.folder / "image/run-qemu.sh", os.X_OK)
    assert written.vectors == 16
    card = (written.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "Not known: the model came as a .tflite file." in card
    assert "instructions for one inference" in card
    assert "They are not cycles" in card


def test_the_same_again_elsewhere(written: Written, hand_off: HandOff, tmp_path: Path) -> None:
    again = hand_off(tmp_path, tmp_path / "an other" / "name", "qemu-m4")
    assert checksums.read(again.folder) == checksums.read(written.folder)
    assert again.archive == tmp_path / "an other" / "name.zip"
    assert again.archive.read_bytes() == written.archive.read_bytes()
    places = [
        str(tmp_path).encode(),
        str(Path.home()).encode() + b"/",
        os.uname().nodename.encode(),
    ]
    for name in checksums.listing(again.folder):
        content = (again.folder / name).read_bytes()
        assert not any(place in content for place in places), name


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
    block = readme.partition("```sh\n")[2].partition("```")[0]
    commands = [line.partition("  # ")[0] for line in block.splitlines()]
    assert [line.split()[0] for line in commands] == [
        "cmake",
        "image/run-qemu.sh",
        "cc",
        "sha256sum",
    ]
    for command in commands:
        if not command.startswith("image/"):
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
        ("digits_run.c", "memcpy(output", "(void)memcmp(output", "vector 0: output 0 is"),
    ],
)
def test_the_vectors_catch_other_code(
    written: Written, tmp_path: Path, file: str, old: str, new: str, told: str
) -> None:
    folder = Path(shutil.copytree(written.folder, tmp_path / "x"))
    source = folder / "library/digits/src" / file
    source.write_text(source.read_text().replace(old, new, 1))
    program = tmp_path / "program"
    sources = [*(folder / "test").glob("*.c"), *(folder / "library/digits/src").glob("*.c")]
    command = ["cc", "-std=c99", "-w", f"-I{folder / 'library/digits/src'}", *map(str, sources)]
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


def test_an_earlier_hand_off_is_renewed(
    written: Written, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """By the command, and for this machine: its image is a program."""
    there = Path(shutil.copytree(written.folder, tmp_path / "out"))
    (there / "mine.txt").write_text("notes")
    (there / "NOTICE").write_text("x: written by tinyflow 0.0.1\n")
    (there / "model/digits.tflite").unlink()
    monkeypatch.chdir(home)
    model = str(written.folder / "model/digits.tflite")
    options = ("--board", "native", "-o", str(there), "--json")
    assert cli.main(["handoff", model, *options]) == 0, capsys.readouterr().err
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["board"], told["model"], told["vectors"]) == ("native", "digits", 16)
    assert told["zip"] == str(tmp_path / "out.zip")
    assert checksums.differences(there, checksums.read(there)) == ["mine.txt is not listed"]
    image = there / "image"
    assert sorted(file.name for file in image.iterdir()) == ["firmware.elf", "run-native.sh"]
    done = subprocess.run(
        [image / "run-native.sh"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert done.stderr == b""
    card = (there / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "## Latency\n\nNot measured." in card  # another run takes another time
