"""handoff.json: what a hand-off is, for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Len

from tinyflow import checksums, schema
from tinyflow.errors import ProjectError

NAME = "handoff.json"
FORMAT = 1
MAX_BYTES = 1 << 16


@dataclass(frozen=True)
class ImageFile(schema.Checked):
    """A file of the image and the flash offset it is written to."""

    file: str
    offset: Annotated[int, Ge(0)]


@dataclass(frozen=True)
class Manifest(schema.Checked):
    """A hand-off. Files are paths below its folder; `compiler` is empty where it is an SDK's."""

    format: int
    tinyflow: str
    name: str
    board: str
    builder: str
    model: str
    model_sha256: str
    build_id: str
    compiler: str
    elf: str
    images: Annotated[tuple[ImageFile, ...], Len(1, 64)]


def read(folder: Path) -> Manifest:
    """The manifest of the hand-off in `folder`. Raises ProjectError when there is none."""
    file = folder / NAME
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        data = json.loads(raw)
    except OSError as error:
        raise ProjectError(
            f"{folder} is not a hand-off: {NAME} cannot be read: {error.strerror}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"{file} is not JSON: {error}") from None
    if len(raw) > MAX_BYTES or not isinstance(data, dict):
        raise ProjectError(f"{file} is not a hand-off's")
    if data.get("format") != FORMAT:
        raise ProjectError(
            f"{file} has format {data.get('format')!r:.40}, this tinyflow reads {FORMAT}"
        )
    manifest = schema.check(Manifest, data, file)
    names = (manifest.model, manifest.elf, *(image.file for image in manifest.images))
    wrong = [name[:200] for name in names if not checksums.is_inside(name)]
    if wrong:
        raise ProjectError(f"{file} names files outside the hand-off", wrong)
    if not manifest.name.isidentifier() or not manifest.board.isprintable():
        raise ProjectError(f"{file} has a name that is none: {manifest.name!r:.80}")
    return manifest
