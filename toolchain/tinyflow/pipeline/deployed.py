"""Remembers which model a board was given last, so that a later one can be compared with it.

A model is deployed to a board profile when `deploy`, `retrain` or `flash` has put the project's
model on a board and the board has answered. The .tflite itself is kept: the cache may be deleted.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tinyflow import cache
from tinyflow.errors import ProjectError
from tinyflow.pipeline.walk import Walk

FOLDER = "deployed"
NAME_DIGITS = 16


@dataclass(frozen=True)
class Deployed:
    """A board's last model: the .tflite in `.tinyflow/deployed/`, its hash, the firmware's build
    id, the hash of its source's data set then (without captured samples), and when that was, in
    seconds since the epoch."""

    board: str
    model: Path
    model_sha256: str
    build_id: str
    dataset_sha256: str
    time: float


def keep_deployed(walk: Walk) -> None:
    """Remember the walk's model as its board's; nothing where it is not the project's own."""
    if walk.project is None or walk.model is not None:
        return
    tflite, board = walk.tflite(), walk.require_board().name
    folder = walk.home / FOLDER
    model = folder / f"{tflite.sha256[:NAME_DIGITS]}.tflite"
    if not model.is_file() or cache.file_sha256(model) != tflite.sha256:
        folder.mkdir(parents=True, exist_ok=True)
        partial = model.with_suffix(f".{os.getpid()}")
        shutil.copyfile(tflite.path, partial)
        partial.replace(model)
    record = Deployed(
        board,
        Path(model.name),
        tflite.sha256,
        walk.image().build_id,
        walk.source_dataset().sha256,
        time.time(),
    )
    partial = folder / f".{board}.{os.getpid()}"
    partial.write_text(json.dumps(asdict(record), default=str) + "\n", encoding="utf-8")
    partial.replace(folder / f"{board}.json")


def last_deployed(walk: Walk) -> Deployed:
    """What the walk's board was given last. Raises ProjectError when nothing was, or it is gone."""
    from pydantic import TypeAdapter, ValidationError

    board = walk.require_board().name
    file = walk.home / FOLDER / f"{board}.json"
    try:
        found = TypeAdapter(Deployed).validate_json(file.read_bytes())
        kept: Deployed = cache.absolute(found, file.parent)
        whole = cache.file_sha256(kept.model) == kept.model_sha256
    except FileNotFoundError:
        raise ProjectError(
            f"no model of this project was deployed to board {board} yet",
            ["a new model is compared with the one that the board has"],
            [f"tinyflow deploy --board {board}"],
        ) from None
    except (OSError, ValidationError) as error:
        raise ProjectError(f"{file} cannot be read: {str(error).splitlines()[0]}") from None
    if not whole:
        raise ProjectError(
            f"{kept.model} is not the model that was deployed",
            [f"its hash is not {kept.model_sha256}"],
            [f"tinyflow deploy --board {board}"],
        )
    return kept
