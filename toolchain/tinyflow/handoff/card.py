"""The model card: what is known of the model on this board, on what basis, and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow import __version__, render
from tinyflow.arguments import Argument, arguments
from tinyflow.artifacts import (
    BoardRun,
    CompiledModel,
    Dataset,
    Evaluation,
    FirmwareImage,
    KerasModel,
    TrainingReference,
)
from tinyflow.boards import BoardProfile
from tinyflow.config import ProjectConfig
from tinyflow.handoff.toolchain import Compiler

NAME = "MODEL_CARD.md"


@dataclass(frozen=True)
class Training:
    """Where the model came from, where a project trained it.

    `evaluations` are those of the test split: float, int8 where it was judged, host. `seed` is
    that of everything drawn at random.
    """

    config: ProjectConfig
    seed: int
    dataset: Dataset
    trained: KerasModel
    pruned: KerasModel | None
    evaluations: tuple[Evaluation, ...]


@dataclass(frozen=True)
class Trial:
    """What was done with the test vectors before they were handed over.

    `reference` is whether the reference interpreter computed the same bytes, `emulated` whether
    the image did in the emulator; then `count` is the median of one inference in `unit`, 0 where
    that is not the board's own figure.
    """

    vectors: int
    reference: bool
    emulated: bool = False
    unit: str = ""
    count: int = 0


@dataclass(frozen=True)
class CardContext:
    """Context of templates/handoff/MODEL_CARD.md.j2.

    `training` and `measured` are None where nothing is known. `labels` and `notes` are the user's.
    `flash` and `ram` are rows of a name and bytes that add up to the image's. `confusion` has a row
    per true class: its label, counts. `drift` is what the firmware tells of it, empty where that is
    not known.
    """

    tool_version: str
    model: CompiledModel
    board: BoardProfile
    image: FirmwareImage
    compiler: str
    training: Training | None
    measured: BoardRun | None
    trial: Trial
    labels: tuple[str, ...]
    notes: tuple[str, ...]
    confusion: tuple[tuple[str, tuple[int, ...]], ...]
    flash: tuple[tuple[str, int], ...]
    ram: tuple[tuple[str, int], ...]
    arguments: tuple[Argument, ...]
    drift: str


def write(
    folder: Path,
    compiled: CompiledModel,
    board: BoardProfile,
    image: FirmwareImage,
    compiler: Compiler | None,
    training: Training | None,
    measured: BoardRun | None,
    trial: Trial,
    templates: Sequence[Path] = (),
    reference: TrainingReference | None = None,
) -> None:
    """Write the model card into `folder`."""
    context = CardContext(
        tool_version=__version__,
        model=compiled,
        board=board,
        image=image,
        compiler=compiler.text if compiler is not None else "",
        training=training,
        measured=measured,
        trial=trial,
        labels=tuple(_cell(label) for label in training.dataset.labels) if training else (),
        notes=_notes(training),
        confusion=_confusion(training),
        flash=_flash(compiled, image),
        ram=_ram(compiled, board, image),
        arguments=(
            *arguments("input", compiled.inputs),
            *arguments("output", compiled.outputs),
        ),
        drift=_drift(reference) if reference is not None else "",
    )
    text = render.render(f"handoff/{NAME}.j2", context, templates)
    (folder / NAME).write_bytes(text.encode())


def _drift(reference: TrainingReference) -> str:
    if not reference.compares:
        return (
            "The firmware tells what its inputs were lately, and has nothing to compare them with."
        )
    compared = [
        f"{what} with {count:,}"
        for what, count, limit in (
            ("inputs", reference.inferences, reference.input_limit),
            ("outputs", reference.judged, reference.output_limit),
        )
        if limit
    ]
    return (
        f"The firmware compares {' and '.join(compared)} known inferences, once in "
        f"{reference.window}, and counts alarms: a false one in "
        f"{1 / reference.false_alarm_rate:,.0f} such windows is what its limits are set for."
    )


def _confusion(training: Training | None) -> tuple[tuple[str, tuple[int, ...]], ...]:
    if training is None:
        return ()
    host = next(item for item in training.evaluations if item.where == "host")
    labels = (_cell(label) for label in training.dataset.labels)
    return tuple(zip(labels, host.confusion, strict=True))


def _notes(training: Training | None) -> tuple[str, ...]:
    """What training and pruning say of themselves, each once."""
    if training is None:
        return ()
    pruned = training.pruned.notes if training.pruned is not None else ()
    return tuple(dict.fromkeys(_cell(note) for note in (*training.trained.notes, *pruned)))


def _cell(text: str) -> str:
    """A text of the user's as it can stand in a table."""
    return " ".join(text.replace("|", "/").split())


def _flash(compiled: CompiledModel, image: FirmwareImage) -> tuple[tuple[str, int], ...]:
    constants = image.library_flash_bytes - image.library_code_bytes - compiled.weights_bytes
    rows = [
        ("weights and other constants of the layers", compiled.weights_bytes),
        ("kernels and generated code", image.library_code_bytes),
        ("their tables and parameters", constants),
        ("all else: start-up, port, protocol, C library", image.flash_bytes),
    ]
    name, whole = rows[-1]
    rows[-1] = (name, whole - sum(size for _, size in rows[:-1]))
    return tuple(row for row in rows if row[1])


def _ram(
    compiled: CompiledModel, board: BoardProfile, image: FirmwareImage
) -> tuple[tuple[str, int], ...]:
    rows = [("tensor arena", compiled.arena_bytes)]
    if board.toolchain is not None and board.toolchain.linker_script:
        rows.append(("stack", board.memory.stack_bytes))
    rest = image.ram_bytes - sum(size for _, size in rows)
    return (*rows, ("all else: the session's buffers, telemetry, variables", rest))
