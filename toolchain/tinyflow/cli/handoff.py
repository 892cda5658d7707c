"""`export` and `handoff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinyflow.cli import options
from tinyflow.cli.output import facts, prints

if TYPE_CHECKING:
    from tinyflow.pipeline import Walk

# As in tinyflow.export, which is loaded only when the command runs.
FORMATS = ("c", "cmake", "platformio", "arduino", "esp-idf", "zephyr")


def _show_library(result: dict[str, Any]) -> None:
    facts(
        [
            ("model", f"{result['model']}, {result['model_sha256']}"),
            ("for", ", ".join(result["formats"])),
            ("files", len(result["files"])),
            ("folder", result["folder"]),
        ]
    )


@click.command()
@options.model_alone
@click.option(
    "--format",
    "wanted",
    type=click.Choice([*FORMATS, "all"]),
    default="all",
    show_default=True,
    help="The build system; all of them fit into one folder.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="The library's folder: new, empty, or an earlier export.",
)
@prints(_show_library)
@options.walks
def export(walk: Walk, wanted: str, output: Path) -> dict[str, Any]:
    """Write the inference library for other build systems: the project's model, or MODEL.tflite.

    It is the generated C, the kernels it calls and one function that runs the model, for C and
    C++, with what the build system needs around it; its README.md says how to add it. Libraries
    of several models can be in one image. Without a board it is for any.
    """
    from tinyflow import checksums
    from tinyflow.pipeline import handoff as pipeline

    library = pipeline.export(walk, FORMATS if wanted == "all" else (wanted,), output)
    return {
        "model": library.name,
        "model_sha256": library.model_sha256,
        "formats": list(library.formats),
        "folder": str(library.path),
        "files": list(checksums.read(library.path)),
    }


def _show_handoff(result: dict[str, Any]) -> None:
    if "checks" in result:
        for item in result["checks"]:
            click.echo(f"{item['name']:<18}{item['state']}")
            for line in item["detail"]:
                click.echo(f"  {line}")
        return
    facts(
        [
            ("model", f"{result['model']}, {result['model_sha256']}"),
            ("board", result["board"]),
            ("firmware", f"build {result['build_id']}"),
            ("vectors", result["vectors"]),
            ("folder", result["folder"]),
            ("zip", result["zip"]),
        ]
    )


@click.command()
@options.model_and_board
@options.training_data
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The hand-off's folder: new, empty, or an earlier one. The zip is put beside it.  "
    "[default: MODEL-BOARD]",
)
@click.option(
    "--check",
    type=click.Path(path_type=Path),
    metavar="PLACE",
    help="Verify the hand-off in this folder or zip instead. It compiles what is in it here, and "
    "runs its test: trust where it came from.",
)
@prints(_show_handoff)
def handoff(check: Path | None, output: Path | None, **given: Any) -> dict[str, Any]:
    """Write one folder, and a zip, with all that an embedded engineer needs.

    The firmware project for the board, the inference library for every build system, the built
    image with scripts that flash it, a model card, test vectors with a program that runs them,
    licences, a bill of materials and checksums. Built with CMake it needs no Python. The same
    model, board and compiler give the same bytes.

    --check looks whether a hand-off is complete and unchanged, runs its test vectors here, and
    builds its image again to compare every byte. Exit status 1 when something is not so.
    """
    if check is not None:
        return _check(check)
    from tinyflow.pipeline import handoff as pipeline

    written = pipeline.handoff(pipeline.begin(**given), output)
    return {
        "model": written.model,
        "model_sha256": written.model_sha256,
        "board": written.board,
        "build_id": written.build_id,
        "vectors": written.vectors,
        "folder": str(written.folder),
        "zip": str(written.archive),
    }


def _check(place: Path) -> dict[str, Any]:
    from tinyflow.pipeline import handoff_check

    checks = handoff_check.check(place)
    return {
        "place": str(place),
        "checks": [
            {"name": item.name, "state": item.state, "detail": list(item.detail)} for item in checks
        ],
        "exit_code": int(any(item.state == "failed" for item in checks)),
    }
