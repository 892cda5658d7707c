"""Verifies a hand-off: that it is what was written, and that it does here what it did there."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tinyflow import checksums, paths, process, progress
from tinyflow.artifacts import FirmwareProject
from tinyflow.boards import BoardProfile, load_board
from tinyflow.errors import ModelError, ProjectError, ToolError
from tinyflow.handoff import archive, flashing, manifest, sbom, toolchain, vectors
from tinyflow.handoff.manifest import Manifest

STAGE = "check"
COMPILE_SECONDS = 300.0
RUN_SECONDS = 120.0
MAX_FINDINGS = 20


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. A skipped one says what was missing here."""

    name: str
    state: Literal["passed", "failed", "skipped"]
    detail: tuple[str, ...] = ()


def check(place: Path) -> tuple[Check, ...]:
    """Look at a hand-off, a folder or a zip file: files, bill of materials, vectors, image.

    The last two compile its code here and run its test program. A zip file is unpacked into a
    temporary folder. Raises ProjectError where `place` is not a hand-off at all.
    """
    with _opened(place) as folder:
        said = manifest.read(folder)
        progress.report(STAGE, "files")
        files = _judge("files", checksums.differences(folder, checksums.read(folder)))
        if files.state != "passed":
            # What was changed is neither compiled nor run.
            rest = ("bill of materials", "test vectors", "image")
            why = ("the files are not those that were handed over",)
            return (files, *(Check(name, "skipped", why) for name in rest))
        bill = _judge("bill of materials", sbom.findings(folder, said.model_sha256, said.build_id))
        if checksums.file_sha256(folder / said.model) != said.model_sha256:
            bill = Check(bill.name, "failed", (*bill.detail, f"{said.model} is another model"))
        progress.report(STAGE, "test vectors")
        vectors = _vectors(folder, said)
        progress.report(STAGE, "image")
        return (files, bill, vectors, _image(folder, said))


@contextlib.contextmanager
def _opened(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield place.resolve()
    elif place.is_file():
        with tempfile.TemporaryDirectory(prefix="tinyflow-") as folder:
            yield archive.unpack(place, Path(folder))
    else:
        raise ProjectError(f"{place} is neither a folder nor a file")


def _judge(name: str, findings: list[str]) -> Check:
    if not findings:
        return Check(name, "passed")
    more = len(findings) - MAX_FINDINGS
    shown = findings[:MAX_FINDINGS] + ([f"and {more} more"] if more > 0 else [])
    return Check(name, "failed", tuple(shown))


def _vectors(folder: Path, said: Manifest) -> Check:
    """Compile the test program with this machine's compiler and run it."""
    name = "test vectors"
    compiler = process.which("cc") or process.which("gcc")
    if compiler is None:
        return Check(name, "skipped", ("no C compiler: neither cc nor gcc is on PATH",))
    library = folder / vectors.host_library(folder, said.name)
    sources = [*sorted((folder / "test").glob("*.c")), *sorted(library.glob("*.c"))]
    with tempfile.TemporaryDirectory(prefix="tinyflow-") as place:
        program = Path(place) / "test_vectors"
        command = [str(compiler), "-std=c99", "-O2", f"-I{library}", *map(str, sources)]
        try:
            process.run([*command, "-o", str(program)], timeout=COMPILE_SECONDS)
            done = process.run([str(program)], timeout=RUN_SECONDS, check=False)
        except ToolError as error:
            return Check(name, "failed", (error.what, *error.detail))
    told = tuple(done.stdout.splitlines()[:MAX_FINDINGS])
    return Check(name, "passed" if done.status == 0 else "failed", told)


def _image(folder: Path, said: Manifest) -> Check:
    """Build the firmware again and compare every byte of the image."""
    from tinyflow import build

    name = "image"
    try:
        board = _board(said)
        here = toolchain.compiler(board.toolchain)
    except (ProjectError, ToolError) as error:
        return Check(name, "skipped", (error.what,))
    if here is None or here.text != said.compiler:
        found = here.text if here is not None else "not on PATH, or an SDK's own"
        return Check(
            name,
            "skipped",
            (f"it was built with {said.compiler or 'an SDK'}", f"the compiler here is {found}"),
        )
    project = FirmwareProject(
        path=folder / "firmware",
        board=said.board,
        builder=said.builder,
        model_name=said.name,
        model_sha256=said.model_sha256,
        build_id=said.build_id,
    )
    with tempfile.TemporaryDirectory(prefix="tinyflow-") as place:
        try:
            image = build.build(project, board, Path(place))
        except (ModelError, ProjectError, ToolError) as error:
            return Check(name, "failed", (error.what, *error.detail))
        made = {part.path.name: (part.path, part.offset) for part in image.images}
        findings = []
        for file in said.images:
            path, offset = made.get(Path(file.file).name, (None, 0))
            if path is None:
                findings.append(f"{file.file} is not built here")
            elif path.read_bytes() != (folder / file.file).read_bytes():
                findings.append(f"{file.file} has other bytes when it is built here")
            elif offset != file.offset:
                findings.append(f"{file.file} belongs to {offset:#x} here, there {file.offset:#x}")
        dragged = flashing.drive_file(board, image)
        there = folder / "image" / flashing.UF2
        if dragged is not None and (not there.is_file() or there.read_bytes() != dragged):
            findings.append(f"image/{flashing.UF2} has other bytes when it is made here")
    return _judge(name, findings)


def _board(said: Manifest) -> BoardProfile:
    home = paths.find_project(Path.cwd())
    return load_board(said.board, home).for_builder(said.builder)
