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
