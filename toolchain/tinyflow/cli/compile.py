"""`compile`, `generate` and `build`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinyflow.cli import options
from tinyflow.cli.output import facts, prints

if TYPE_CHECKING:
    from tinyflow.pipeline import Walk


def _show_compiled(result: dict[str, Any]) -> None:
    facts(
        [
            ("model", result["model_sha256"]),
            ("MACs", result["macs"]),
            ("weights", f"{result['weights_bytes']:,} B"),
            ("arena", _arena(result)),
            *([("slow RAM", f"{result['slow_bytes']:,} B")] if result["slow_bytes"] else []),
            ("operators", ", ".join(f"{n} {op}" for op, n in result["operators"].items())),
            *(("changes" if i == 0 else "", text) for i, text in enumerate(result["changes"])),
            ("folder", result["folder"]),
        ]
    )


def _arena(result: dict[str, Any]) -> str:
    parts = [f"{result['activation_bytes']:,} B of tensors"]
    if result["state_bytes"]:
        parts.append(f"{result['state_bytes']:,} B of them kept between inferences")
    if result["scratch_bytes"]:
        parts.append(f"kernel scratch {result['scratch_bytes']:,} B")
    return f"{result['arena_bytes']:,} B ({', '.join(parts)})"


@click.command(name="compile")
@options.model_and_board
@options.output
@prints(_show_compiled)
@options.walks
def compile(walk: Walk, output: Path | None) -> dict[str, Any]:
    """Compile a model to C: the project's, or MODEL.tflite.

    The result is a folder with `src` and `include`, complete with the kernels the model calls.
    """
    from tinyflow.pipeline import folders

    compiled = walk.compiled()
    folder = compiled.path
    if output is not None:
        folder = folders.copy_out(compiled.path, output, ("src", "include"))
    files = sorted((*(folder / "src").iterdir(), *(folder / "include").iterdir()))
    return {
        "model": compiled.name,
        "model_sha256": compiled.model_sha256,
        "backend": compiled.backend,
        "arena_bytes": compiled.arena_bytes,
        "activation_bytes": compiled.activation_bytes,
        "state_bytes": compiled.state_bytes,
        "scratch_bytes": compiled.scratch_bytes,
        "slow_bytes": compiled.slow_bytes,
        "weights_bytes": compiled.weights_bytes,
        "macs": compiled.macs,
        "operators": dict(compiled.operators),
        "changes": list(compiled.changes),
        "folder": str(folder),
        "sources": [str(file) for file in files],
    }


def _show_project(result: dict[str, Any]) -> None:
    facts(
        [
            ("board", result["board"]),
            ("builder", result["builder"]),
            ("build id", result["build_id"]),
            ("folder", result["folder"]),
        ]
    )


@click.command()
@options.model_and_board
@options.mlperf
@options.training_data
@options.output
@prints(_show_project)
@options.walks
def generate(walk: Walk, output: Path | None) -> dict[str, Any]:
    """Write the firmware project for a board: sources that its own build tool builds."""
    from tinyflow.pipeline import folders

    firmware = walk.firmware()
    folder = firmware.path
    if output is not None:
        folder = folders.copy_out(firmware.path, output)
    return {
        "board": firmware.board,
        "builder": firmware.builder,
        "model_sha256": firmware.model_sha256,
        "build_id": firmware.build_id,
        "folder": str(folder),
    }


def _show_image(result: dict[str, Any]) -> None:
    facts(
        [
            ("board", f"{result['board']}, built with {result['builder']}"),
            ("flash", f"{result['flash_bytes']:,} B"),
            ("RAM", f"{result['ram_bytes']:,} B"),
            ("firmware", result["firmware_sha256"]),
            *((f"image at {image['offset']:#x}", image["path"]) for image in result["images"]),
        ]
    )


@click.command()
@options.model_and_board
@options.mlperf
@options.training_data
@prints(_show_image)
@options.walks
def build(walk: Walk) -> dict[str, Any]:
    """Build the firmware image; sizes are those of the linker's map file."""
    image = walk.image()
    return {
        "board": image.board,
        "builder": image.builder,
        "model_sha256": image.model_sha256,
        "firmware_sha256": image.sha256,
        "build_id": image.build_id,
        "flash_bytes": image.flash_bytes,
        "ram_bytes": image.ram_bytes,
        "library_flash_bytes": image.library_flash_bytes,
        "library_ram_bytes": image.library_ram_bytes,
        "elf": str(image.elf),
        "images": [{"path": str(file.path), "offset": file.offset} for file in image.images],
    }
