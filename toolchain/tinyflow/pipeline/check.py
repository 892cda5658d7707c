"""Tells of a model, before anything is written or built, whether it can be and what it takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyflow import boards, paths
from tinyflow.pipeline.goal import compile_goal

if TYPE_CHECKING:
    from tinyflow.artifacts import Survey
    from tinyflow.boards import BoardProfile
    from tinyflow.config import Optimize
    from tinyflow.estimate import Estimate


def check(
    given: Path | None,
    board: str | None = None,
    *,
    least_ram: bool = False,
    optimize: Optimize | None = None,
) -> dict[str, Any]:
    """All findings of a .tflite, or its figures on board `board`, on all boards without one.

    Without `given` it is the project's model. Needs neither a toolchain nor TensorFlow where there
    is a model. Raises ModelError where the file is broken.
    """
    from tinyflow import compiler
    from tinyflow.pipeline import start

    walk = start(model=given, optimize=optimize)
    model = walk.tflite().path
    project = paths.find_project(Path.cwd())
    names = [board] if board else boards.board_names(boards.board_folders(project))
    profiles = [_bare(boards.load_board(name, project)) for name in names]
    surveyor = compiler.Surveyor(model)
    if surveyor.findings:
        return {"model": model.name, "findings": [vars(found) for found in surveyor.findings]}
    shown = surveyor.survey(least_ram=least_ram)
    rows = []
    for profile in profiles:
        found = surveyor.survey(
            backend=profile.backend,
            goal=compile_goal(walk, profile),
            ram_budget=compiler.arena_budget(profile),
            least_ram=least_ram,
            slow_ram=profile.memory.slow_ram_bytes > 0,
        )
        rows.append(_row(profile, found))
        if board:
            shown = found
    return {"model": model.name, "findings": [], **_figures(shown), "boards": rows}


def _bare(board: BoardProfile) -> BoardProfile:
    """The board without an SDK, where it can be built so."""
    return board.for_builder("cmake") if "cmake" in board.builders else board


def _figures(found: Survey) -> dict[str, Any]:
    return {
        "model_sha256": found.model_sha256,
        "macs": found.macs,
        "weights_bytes": found.weights_bytes,
        "arena_bytes": found.arena_bytes,
        "activation_bytes": found.activation_bytes,
        "state_bytes": found.state_bytes,
        "scratch_bytes": found.scratch_bytes,
        "slow_bytes": found.slow_bytes,
        "layers": found.layers,
        "operators": dict(found.operators),
        "inputs": [_tensor(spec) for spec in found.inputs],
        "outputs": [_tensor(spec) for spec in found.outputs],
        "changes": list(found.changes),
        "busiest": found.busiest,
    }


def _tensor(spec: Any) -> dict[str, Any]:
    return {"name": spec.name, "dtype": spec.dtype, "shape": list(spec.shape)}


def _row(board: BoardProfile, found: Survey) -> dict[str, Any]:
    from tinyflow.estimate import estimate

    told = estimate(found, board.name)
    row: dict[str, Any] = {
        "board": board.name,
        "arena_bytes": found.arena_bytes,
        "slow_bytes": found.slow_bytes,
        "weights_bytes": found.weights_bytes,
        "code_bytes": None,
        "flash_bytes": None,
        "ram_bytes": None,
        "flash_limit_bytes": board.memory.flash_bytes,
        "ram_limit_bytes": board.memory.ram_bytes,
        "compiler": "",
    }
    if told is not None:
        row |= {
            "code_bytes": told.code_bytes,
            "flash_bytes": told.flash_bytes,
            "ram_bytes": told.ram_bytes,
            "compiler": told.compiler,
        }
    lacks = _lacks(board, found, told)
    return {**row, "fits": not lacks, "lacks": lacks}


def _lacks(board: BoardProfile, found: Survey, told: Estimate | None) -> str:
    """What the board has too little of, empty where the model fits."""
    memory = board.memory
    if told is not None:
        needs = {"flash": told.flash_bytes, "RAM": told.ram_bytes}
    else:  # an SDK's own share is not known: only what is certain
        needs = {"flash": found.weights_bytes, "RAM": found.arena_bytes + memory.stack_bytes}
    needs["slow RAM"] = found.slow_bytes
    limits = {
        "flash": memory.flash_bytes,
        "RAM": memory.ram_bytes,
        "slow RAM": memory.slow_ram_bytes,
    }
    return ", ".join(
        f"{need - limits[what]:,} B of {what}"
        for what, need in needs.items()
        if need > limits[what]
    )
