"""Where a walk begins: with the project that is there, the board that was named and its tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tinyflow import config, paths
from tinyflow.pipeline.walk import Walk

if TYPE_CHECKING:
    from tinyflow.config import Optimize


def start(
    *,
    board: str | None = None,
    model: Path | None = None,
    name: str | None = None,
    seed: int | None = None,
    builder: str | None = None,
    runner: str | None = None,
    folder: Path | None = None,
    least_ram: bool = False,
    optimize: Optimize | None = None,
    mlperf: config.MlperfTask | None = None,
    training_data: Path | None = None,
) -> Walk:
    """A walk for the project at or above `folder` (default: the current one), if there is one.

    A project's `board` key stands in for a missing `board`. Without `builder` it is the board's
    first whose SDK is to be had, without `runner` the board's first. Raises ProjectError when they
    are none of the board's.
    """
    from tinyflow.boards import load_board
    from tinyflow.pipeline import health

    place = folder or Path.cwd()
    found = paths.find_project(place)
    project = config.load_project(place) if found is not None else None
    home = (project.folder if project is not None else place.resolve()) / paths.WORK_FOLDER
    wanted = board or (project.config.board if project is not None else "") or None
    own = project.folder if project is not None else None
    profile = load_board(wanted, own) if wanted is not None else None
    if profile is not None:
        profile = profile.for_builder(builder or health.choose_builder(profile))
        profile = profile.for_runner(runner or profile.runner)
    return Walk(
        home,
        project,
        profile,
        model,
        name,
        seed,
        mlperf_override=mlperf,
        training_data=training_data,
        least_ram=least_ram,
        optimize=optimize,
    )
