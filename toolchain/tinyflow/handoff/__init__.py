"""Stage: one folder with all that an embedded engineer needs to build, flash and test a model.

    README.md, MODEL_CARD.md     what is there, and what is known of the model
    handoff.json                 the same for programs: what `tinyflow handoff --check` compares
    firmware/                    the project, as generated for the board
    library/<name>/              the inference library, for every build system
    image/                       the prebuilt image, a script per runner that puts it on the board
    model/                       the .tflite
    test/                        test vectors and a C program that runs them
    LICENSE NOTICE licences/     what the parts are licensed under
    sbom.cdx.json SHA256SUMS     what is in it, and the hash of every file

Each report is a module of its own. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tinyflow import __version__, checksums, render
from tinyflow.artifacts import (
    BoardRun,
    CompiledModel,
    FirmwareImage,
    FirmwareProject,
    TrainingReference,
)
from tinyflow.boards import BoardProfile
from tinyflow.handoff import archive, card, flashing, notices, sbom, vectors
from tinyflow.handoff.card import Training, Trial
from tinyflow.handoff.flashing import Script
from tinyflow.handoff.manifest import FORMAT, ImageFile, Manifest
from tinyflow.handoff.manifest import NAME as MANIFEST
from tinyflow.handoff.toolchain import Compiler, LinkedLibrary
from tinyflow.handoff.vectors import Vector

__all__ = ["Handoff", "Training", "Trial", "archive", "write"]


@dataclass(frozen=True)
class Handoff:
    """All that goes into a hand-off. `training` and `measured` are None where nothing is known."""

    compiled: CompiledModel
    firmware: FirmwareProject
    image: FirmwareImage
    board: BoardProfile
    library: Path
    vectors: tuple[Vector, ...]
    trial: Trial
    compiler: Compiler | None
    libraries: tuple[LinkedLibrary, ...]
    training: Training | None
    measured: BoardRun | None
    reference: TrainingReference | None = None

    @property
    def title(self) -> str:
        """What its folder in the zip file is called."""
        return f"{self.compiled.name}-{self.board.name}"


@dataclass(frozen=True)
class ReadmeContext:
    """Context of templates/handoff/README.md.j2. `scripts` are those in image/.

    `host_library` is the folder of the library's sources for this machine.

    `dragged` is the file there that is dragged onto a bootloader's drive, empty where none is;
    `texts` is whether there are texts of licences.
    """

    title: str
    name: str
    tool_version: str
    board: BoardProfile
    builder: str
    scripts: tuple[Script, ...]
    dragged: str
    texts: bool
    vectors: int
    compiler: str
    compiler_name: str
    host_library: str


def write(folder: Path, handoff: Handoff, templates: Sequence[Path] = ()) -> Manifest:
    """Write the hand-off into `folder`, which is empty; returns what handoff.json says.

    Templates in the folders `templates` come before tinyflow's own.
    """
    compiled, image = handoff.compiled, handoff.image
    for source, place in (
        (handoff.firmware.path, "firmware"),
        (handoff.library, f"library/{compiled.name}"),
    ):
        _copy(source, folder / place)
    (folder / "model").mkdir()
    shutil.copyfile(compiled.model, folder / "model" / compiled.model.name)
    (folder / "image").mkdir()
    for file in {*(part.path for part in image.images), image.elf}:
        shutil.copyfile(file, folder / "image" / file.name)
    scripts = flashing.scripts(folder / "image", handoff.board, image, templates)
    vectors.write(folder / "test", compiled, handoff.vectors, handoff.library, templates)
    card.write(
        folder,
        compiled,
        handoff.board,
        image,
        handoff.compiler,
        handoff.training,
        handoff.measured,
        handoff.trial,
        templates,
        handoff.reference,
    )
    notices.write(folder, handoff.title, compiled, handoff.libraries, handoff.board.sdk, templates)
    _write_readme(folder, handoff, scripts, templates)
    manifest = _manifest(handoff)
    text = json.dumps(asdict(manifest), indent=2) + "\n"
    (folder / MANIFEST).write_bytes(text.encode())
    sbom.write(folder, compiled, image, handoff.compiler, handoff.libraries, handoff.board.sdk)
    checksums.write(folder)
    return manifest


def _copy(source: Path, target: Path) -> None:
    """All files of a folder; a stage's own record of it is not the user's."""
    for name in checksums.listing(source):
        if name != "artifact.json":
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)


def _write_readme(
    folder: Path, handoff: Handoff, scripts: Sequence[Script], templates: Sequence[Path]
) -> None:
    toolchain = handoff.board.toolchain
    context = ReadmeContext(
        title=handoff.title,
        name=handoff.compiled.name,
        tool_version=__version__,
        board=handoff.board,
        builder=handoff.firmware.builder,
        scripts=tuple(scripts),
        dragged=flashing.UF2 if (folder / "image" / flashing.UF2).is_file() else "",
        texts=(folder / notices.FOLDER).is_dir(),
        vectors=len(handoff.vectors),
        compiler=handoff.compiler.text if handoff.compiler is not None else "",
        compiler_name=toolchain.compiler if toolchain is not None else "cc",
        host_library=vectors.host_library(folder, handoff.compiled.name),
    )
    text = render.render("handoff/README.md.j2", context, templates)
    (folder / "README.md").write_bytes(text.encode())


def _manifest(handoff: Handoff) -> Manifest:
    image = handoff.image
    return Manifest(
        format=FORMAT,
        tinyflow=__version__,
        name=handoff.compiled.name,
        board=handoff.board.name,
        builder=handoff.firmware.builder,
        model=f"model/{handoff.compiled.model.name}",
        model_sha256=handoff.compiled.model_sha256,
        build_id=handoff.firmware.build_id,
        compiler=handoff.compiler.text if handoff.compiler is not None else "",
        elf=f"image/{image.elf.name}",
        images=tuple(
            ImageFile(f"image/{part.path.name}", part.offset)
            for part in sorted(image.images, key=lambda part: part.offset)
        ),
    )
