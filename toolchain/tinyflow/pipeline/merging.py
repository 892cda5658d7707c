"""A project's data set and captured samples as one.

The data set's own split stays as it is. Each captured sample goes to train, validation or test by
the hash of its content alone, so that none ever moves when more are captured.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow import cache, captures
from tinyflow.artifacts import Dataset
from tinyflow.datasets import SPLITS, arrays_split

if TYPE_CHECKING:
    from tinyflow.captures import Captured
    from tinyflow.config import DatasetConfig
    from tinyflow.pipeline.walk import Walk

HASH_DIGITS = 8


@dataclass(frozen=True)
class Merged:
    """`all` is both together, `captured` the captured samples alone; `known` of those that were
    captured are in the data set already and left out."""

    all: Dataset
    captured: Dataset
    known: int


def split_of(sha256: str, config: DatasetConfig) -> str:
    """The split of a captured sample, by its content's hash and the shares of `[dataset]`."""
    place = int(sha256[:HASH_DIGITS], 16) / 16**HASH_DIGITS
    if place < config.test:
        return "test"
    return "validation" if place < config.test + config.validation else "train"


def own_folder(walk: Walk) -> Path:
    """The project's own folder of captured samples."""
    project = walk.require_project()
    return project.folder / project.config.dataset.captures


def with_taken(walk: Walk) -> Dataset:
    """The project's data: its source's, and the captured samples that a retrain has taken."""
    dataset, folder = walk.source_dataset(), own_folder(walk)
    if not walk.require_project().config.dataset.captures or not (lines := captures.taken(folder)):
        return dataset
    index = (folder / captures.INDEX).stat() if (folder / captures.INDEX).is_file() else None
    stamp = (index.st_mtime_ns, index.st_size) if index is not None else (0, 0)
    found = _read_once(folder, dataset.labels, dataset.input_shape, lines, stamp)
    return merged(walk, dataset, found).all


@functools.lru_cache(maxsize=4)
def _read_once(
    folder: Path, labels: tuple[str, ...], shape: tuple[int, ...], lines: int, stamp: object
) -> Captured:
    """A folder read, kept while its index is as `stamp` says: every stage asks for the data."""
    return captures.read(folder, labels, shape, lines)


def merged(walk: Walk, dataset: Dataset, captured: Captured) -> Merged:
    """Both, kept as long as neither changes."""
    settings = walk.require_project().config.dataset
    return walk.get(
        "captures",
        Merged,
        {
            "dataset": dataset.sha256,
            "captured": content_key(captured),
            "shares": [settings.validation, settings.test],
        },
        lambda place: merge(dataset, captured, settings, place),
    )


def content_key(captured: Captured) -> list[tuple[str, str]]:
    """What a merged data set depends on: contents and labels, in any order."""
    return sorted((capture.sha256, capture.label) for capture in captured.captures)


def merge(dataset: Dataset, captured: Captured, config: DatasetConfig, folder: Path) -> Merged:
    """Write both data sets into `folder`."""
    scales = [(capture.scale, capture.zero_point) for capture in captured.captures]
    known = _known(dataset, captured)
    order = sorted(
        (i for i, row in enumerate(captured.data) if row.tobytes() not in known[scales[i]]),
        key=lambda i: captured.captures[i].sha256,
    )
    features = captured.features()
    classes = {label: number for number, label in enumerate(dataset.labels)}
    of_all: dict[str, Any] = {}
    of_captured: dict[str, Any] = {}
    for split in SPLITS:
        chosen = [i for i in order if split_of(captured.captures[i].sha256, config) == split]
        x = features[chosen]
        y = np.array([classes[captured.captures[i].label] for i in chosen], dtype=np.int64)
        of_captured |= {f"{split}_x": x, f"{split}_y": y}
        old_x, old_y = dataset.read(split)
        of_all |= {
            f"{split}_x": np.concatenate([old_x, x]),
            f"{split}_y": np.concatenate([old_y, y]),
        }
    return Merged(
        _written(dataset, of_all, folder / "all.npz"),
        _written(dataset, of_captured, folder / "captured.npz"),
        len(captured.captures) - len(order),
    )


def _known(dataset: Dataset, captured: Captured) -> dict[tuple[float, int], set[bytes]]:
    """The data set's samples as each quantisation that was captured with has them."""
    specs = {(c.scale, c.zero_point): c.spec for c in captured.captures}
    features = np.concatenate([dataset.read(split)[0] for split in SPLITS])
    return {
        scale: {row.tobytes() for row in spec.encode(features)} for scale, spec in specs.items()
    }


def _written(like: Dataset, arrays: dict[str, Any], path: Path) -> Dataset:
    np.savez(path, **arrays)
    splits = tuple(
        arrays_split(split, arrays[f"{split}_x"], arrays[f"{split}_y"]) for split in SPLITS
    )
    return replace(like, path=path, sha256=cache.file_sha256(path), splits=splits)
