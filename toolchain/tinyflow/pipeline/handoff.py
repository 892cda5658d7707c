"""What leaves tinyflow: the inference library, and the hand-off to an embedded engineer."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow import progress
from tinyflow.artifacts import Evaluation, ExportedLibrary, FirmwareImage
from tinyflow.boards import BoardProfile, load_board
from tinyflow.errors import ModelError, ProjectError, ToolError
from tinyflow.pipeline import Walk, folders, judge, start
from tinyflow.pipeline.inputs import real_inputs, seeded_inputs
from tinyflow.pipeline.reference import training_reference
from tinyflow.pipeline.runs import kept_run

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes
    from tinyflow.handoff import Training, Trial
    from tinyflow.handoff.toolchain import LinkedLibrary

STAGE = "handoff"
ANY_BOARD = "native"
BARE = "cmake"
VECTORS = 16
MIN_VECTORS = 6
VECTOR_BYTES = 1 << 17  # of all inputs together: larger ones are fewer


@dataclass(frozen=True)
class Written:
    """A hand-off on disk: its folder, and the same as a zip file."""

    folder: Path
    archive: Path
    board: str
    model: str
    model_sha256: str
    build_id: str
    vectors: int


def export(walk: Walk, formats: Sequence[str], folder: Path) -> ExportedLibrary:
    """Write the inference library of the walk's model into `folder`, which becomes it.

    Where the walk has no board the library is for any. Files of an earlier export there are
    replaced. Raises ProjectError when the folder has anything else in it, or cannot be written.
    """
    from tinyflow import export as stage

    if walk.board is None:
        walk = replace(walk, board=load_board(ANY_BOARD))
    compiled = walk.compiled()
    with folders.renewed(folder) as target:
        library = stage.write_library(target, compiled, formats, templates=walk.templates)
    return replace(library, path=folder)


def begin(*, builder: str | None = None, **given: Any) -> Walk:
    """The walk of a hand-off, as `start` makes it from the same arguments.

    Without `builder` it is CMake where the board can be built with that: what is handed over then
    needs a compiler and no SDK.
    """
    walk = start(builder=builder, **given)
    board = walk.require_board()
    whole = _profile(walk)
    if builder is None and BARE in whole.builders:
        walk = replace(walk, board=whole.for_builder(BARE).for_runner(board.runner))
    return walk


def handoff(walk: Walk, folder: Path | None = None) -> Written:
    """Write the hand-off of the walk's model for its board into `folder`, and a zip beside it.

    The default folder is `<model>-<board>` in the current one. Files of an earlier hand-off there
    are replaced; a folder or zip file of others is a ProjectError. An emulated board runs the test
    vectors; a byte that differs there, or in the reference interpreter, is a ModelError.
    """
    from tinyflow import export as export_stage
    from tinyflow import handoff as stage
    from tinyflow.handoff import toolchain, vectors

    board = walk.require_board()
    if folder is not None:
        _places(folder)  # an error now, not when the model is trained
    compiled, image = walk.compiled(), walk.image()
    title = f"{compiled.name}-{board.name}"
    target, archive = _places(folder if folder is not None else Path.cwd() / title)
    training = _training(walk)
    inputs = _inputs(walk)
    progress.report(STAGE, "test vectors")
    made, outputs = _vectors(walk, inputs)
    trial = _trial(walk, inputs, outputs)
    with tempfile.TemporaryDirectory(prefix="tinyflow-") as place:
        library = Path(place) / compiled.name
        export_stage.write_library(
            library, compiled, tuple(export_stage.FORMATS), templates=walk.templates
        )
        parts = stage.Handoff(
            compiled=compiled,
            firmware=walk.firmware(),
            image=image,
            board=_with_all_runners(walk),
            library=library,
            vectors=tuple(
                vectors.vector(row, output, layers)
                for row, (output, layers) in zip(inputs, made, strict=True)
            ),
            trial=trial,
            compiler=toolchain.compiler(board.toolchain),
            libraries=_linked(board, image),
            training=training,
            measured=kept_run(walk),
            reference=None if walk.mlperf() else training_reference(walk),
        )
        progress.report(STAGE, "writing")
        with folders.renewed(target) as fresh:
            manifest = stage.write(fresh, parts, walk.templates)
            packed = Path(place) / "packed.zip"
            stage.archive.pack(fresh, packed, parts.title)
        folders.put(packed, archive)
    return Written(
        folder=target,
        archive=archive,
        board=board.name,
        model=compiled.name,
        model_sha256=compiled.model_sha256,
        build_id=manifest.build_id,
        vectors=len(inputs),
    )


def _places(folder: Path) -> tuple[Path, Path]:
    """The hand-off's folder and zip file. Raises ProjectError where one is there, of others."""
    from tinyflow.handoff import archive

    folders.require_own(folder)
    plain = folder if folder.name not in ("", "..") else folder.resolve()
    zipped = plain.with_name(f"{plain.name}.zip")
    if zipped.exists() and not archive.is_ours(zipped):
        raise ProjectError(
            f"{zipped} is there already, and not written by this command",
            hints=["name another folder with --output: the zip is put beside it"],
        )
    return folder, zipped


def _profile(walk: Walk) -> BoardProfile:
    """The board's whole profile, with all its builders and runners."""
    own = walk.project.folder if walk.project is not None else None
    return load_board(walk.require_board().name, own)


def _with_all_runners(walk: Walk) -> BoardProfile:
    """The board as built for, with all its runners again, the chosen one first."""
    board = walk.require_board()
    others = [name for name in _profile(walk).runners if name not in board.runners]
    return replace(board, runners=(*board.runners, *others))


def _training(walk: Walk) -> Training | None:
    """Where the model came from; None for a .tflite from elsewhere."""
    from tinyflow.handoff import Training

    if walk.project is None or walk.model is not None:
        return None
    trained, pruned = walk.trained(), walk.pruned()
    judged: list[Evaluation | None] = [judge.evaluate_float(walk), judge.evaluate_int8(walk)]
    judged.append(judge.evaluate_host(walk)[0])
    return Training(
        config=walk.project.config,
        seed=walk.seed,
        dataset=walk.dataset(),
        trained=trained,
        pruned=None if pruned == trained else pruned,
        evaluations=tuple(item for item in judged if item is not None),
    )


def _inputs(walk: Walk) -> Bytes:
    """The vectors' inputs: extremes, real samples where there are any, random bytes."""
    compiled = walk.compiled()
    own = walk.project is not None and walk.model is None
    real = real_inputs(compiled.inputs, walk.dataset() if own else None)
    count = min(VECTORS, max(MIN_VECTORS, VECTOR_BYTES // compiled.input_bytes))
    return seeded_inputs(compiled.inputs, count, walk.seed, real)


def _vectors(walk: Walk, inputs: Bytes) -> tuple[list[tuple[Bytes, list[Bytes]]], Bytes]:
    """Output and layers for each input, by the generated C on this machine.

    A model that keeps something begins anew with every input, here and wherever vectors are run.
    """
    from tinyflow.compiler.host import HostModel

    vectors = []
    with HostModel(walk.compiled()) as host:
        for row in inputs:
            host.reset()
            (output,) = host.invoke(row[np.newaxis])
            host.reset()
            vectors.append((output, host.layers(row)))
    return vectors, np.stack([output for output, _ in vectors])


def _trial(walk: Walk, inputs: Bytes, outputs: Bytes) -> Trial:
    """Have the vectors computed by whatever else is here."""
    from tinyflow.handoff import Trial

    reference = _in_reference(walk, inputs)
    if reference is not None:
        _require_equal("the reference interpreter", reference, outputs)
    trial = Trial(vectors=len(inputs), reference=reference is not None)
    if not walk.require_board().emulated:
        return trial
    emulated, counts, unit = _emulated(walk, inputs)
    _require_equal(f"board {walk.require_board().name}", emulated, outputs)
    # Another run of a host process takes another time: no figure of this hand-off's.
    count = int(np.median(counts)) if unit == "instructions" else 0
    return replace(trial, emulated=True, unit=unit, count=count)


def _in_reference(walk: Walk, inputs: Bytes) -> Bytes | None:
    from tinyflow import compiler
    from tinyflow.reference import ReferenceInterpreter, reference_folder

    try:
        reference_folder()
    except ToolError as error:
        progress.report(STAGE, f"vectors are not compared: {error.what}")
        return None
    model = walk.compiled().model
    given, wanted = compiler.input_output(model)
    with ReferenceInterpreter(model, input=given, output=wanted) as reference:
        if not walk.compiled().state_bytes:
            return reference.invoke(inputs)
        rows = []
        for row in inputs:
            reference.reset()
            rows.append(reference.invoke(row[np.newaxis]))
        return np.concatenate(rows)


def _emulated(walk: Walk, inputs: Bytes) -> tuple[Bytes, list[int], str]:
    """What the image answers in the emulator, and the count of each inference."""
    from tinyflow import device

    outputs, counts = [], []
    remembers = walk.compiled().state_bytes > 0
    with walk.flashed() as flashed, device.connect(flashed) as dut:
        for row in inputs:
            inference = dut.infer(row, reset=remembers)
            outputs.append(np.frombuffer(inference.output, dtype=np.int8))
            counts.append(inference.count)
            progress.report(STAGE, "vectors on the board", len(outputs), len(inputs))
        return np.stack(outputs), counts, dut.hello.counter_unit


def _require_equal(who: str, found: Bytes, expected: Bytes) -> None:
    differing = np.flatnonzero((found.reshape(expected.shape) != expected).any(axis=1))
    if len(differing):
        raise ModelError(
            f"{who} computes other bytes than the generated C",
            [f"{len(differing)} of {len(expected)} test vectors, the first is {differing[0]}"],
            ["tinyflow verify"],
        )


def _linked(board: BoardProfile, image: FirmwareImage) -> tuple[LinkedLibrary, ...]:
    """The compiler's own libraries in the image, as its map file names them.

    None with an SDK: what of an archive is the compiler's and what the SDK's is not known.
    """
    from tinyflow.build import map_file
    from tinyflow.handoff import toolchain

    if board.sdk:
        return ()
    sections = map_file.read_map(image.elf.with_suffix(".map"))
    placed = (piece for section in sections for piece in section.inputs)
    return toolchain.linked((p.file for p in placed if map_file.kind(p.name)), board.toolchain)
