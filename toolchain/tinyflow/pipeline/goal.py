"""What kernels are chosen for: `[compile]` of the project, a command's options, kernel sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyflow.config import CompileConfig

if TYPE_CHECKING:
    from tinyflow.boards import BoardProfile
    from tinyflow.compiler import Goal
    from tinyflow.pipeline.walk import Walk


def compile_goal(walk: Walk, board: BoardProfile) -> Goal:
    """The goal of a walk. Flash and layers in `[compile]` are of the project's own model."""
    from tinyflow import estimate
    from tinyflow.compiler import Goal

    settings = walk.project.config.compile if walk.project is not None else CompileConfig()
    own = settings if walk.model is None else CompileConfig(optimize=settings.optimize)
    return Goal(
        optimize=walk.optimize or own.optimize,
        flash_bytes=own.flash_bytes or None,
        layers={int(node): variant for node, variant in own.layers.items()},
        kernel_bytes=estimate.kernel_bytes(board.name),
    )
