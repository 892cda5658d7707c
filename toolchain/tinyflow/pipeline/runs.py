"""Remembers what a board answered when it was deployed, for reports that come later."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tinyflow import cache, progress
from tinyflow.artifacts import BoardRun
from tinyflow.pipeline.walk import Walk


def keep_run(walk: Walk, run: BoardRun) -> None:
    """Remember the run; one of the same image, data and board before it is forgotten."""
    file = _file(walk)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(run)) + "\n", encoding="utf-8")
    partial.replace(file)


def kept_run(walk: Walk) -> BoardRun | None:
    """The last deploy of the walk's image to its board; None where there was none."""
    from pydantic import TypeAdapter, ValidationError

    if walk.project is None or walk.model is not None:
        return None
    file = _file(walk)
    try:
        return TypeAdapter(BoardRun).validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        progress.report("runs", f"{file} cannot be read: taken as not there")
        return None


def _file(walk: Walk) -> Path:
    key = {
        "board": walk.require_board(),
        "firmware": walk.image().sha256,
        "dataset": walk.dataset().sha256,
    }
    return walk.home / "runs" / f"{cache.key(key)}.json"
