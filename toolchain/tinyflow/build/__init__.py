"""Builds a firmware project into an image, with the builder it was generated for."""

from __future__ import annotations

from pathlib import Path

from tinyflow import registry
from tinyflow.artifacts import FirmwareImage, FirmwareProject
from tinyflow.boards import BoardProfile

# A builder is a module with build_image(firmware, board, folder, logs) -> FirmwareImage.
BUILDERS = {
    "arduino": "tinyflow.build.platformio",
    "cmake": "tinyflow.build.cmake",
    "platformio": "tinyflow.build.platformio",
}

__all__ = ["BUILDERS", "build"]


def build(
    firmware: FirmwareProject, board: BoardProfile, folder: Path, logs: Path | None = None
) -> FirmwareImage:
    """Build `firmware` for `board`; the image's files are put into `folder`.

    What the tools print goes to files in `logs` (default: `folder`), which an error names.
    The project is not written to. The same project gives the same bytes, wherever it lies. Raises
    ToolError when a tool is missing or does not succeed, ModelError when the image does not fit
    the board.
    """
    builder = registry.lookup("builder", firmware.builder, BUILDERS)
    board = board.for_builder(firmware.builder)
    image: FirmwareImage = builder.build_image(firmware, board, folder, logs or folder)
    return image
