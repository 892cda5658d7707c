"""Stage: a data set from its source, checked and split.

The split is stratified and depends on the seed and the labels alone. Every split has its own
hash, so that a metric can say which samples it was measured on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow import cache, entrypoint, npz, progress, worker
from tinyflow.artifacts import Dataset, Split
from tinyflow.config import DatasetConfig
from tinyflow.errors import ProjectError, near_miss

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tinyflow.artifacts import Floats, Labels

STAGE = "dataset"
SPLITS = ("train", "validation", "test")
FUNCTION_TIMEOUT_SECONDS = 3600.0
MAX_INPUT_RANK = 3
MAX_SHOWN = 8


def load(config: DatasetConfig, seed: int, project_folder: Path, folder: Path) -> Dataset:
    """Read `config.source`, check it, split it and write it to `folder`/dataset.npz.

    Raises ProjectError with all that is wrong with the data.
    """
    name = Path(config.source.rpartition(":")[0] or config.source).stem
    progress.report(STAGE, f"reading {config.source}")
    x, y, labels = _read(config.source, project_folder, folder)
    features, classes, labels = _checked(config, x, y, labels)
    indices = _split(config, classes, len(labels), seed)

    arrays: dict[str, Any] = {}
    splits = []
    for split, chosen in indices.items():
        arrays[f"{split}_x"] = features[chosen]
        arrays[f"{split}_y"] = classes[chosen]
        splits.append(arrays_split(split, features[chosen], classes[chosen]))
    path = folder / "dataset.npz"  # The same arrays are the same bytes: its members have no time.
    np.savez(path, **arrays)
    progress.report(STAGE, ", ".join(f"{s.name} {s.samples}" for s in splits))
    return Dataset(
        name=name,
        path=path,
        sha256=cache.file_sha256(path),
        input_shape=tuple(int(n) for n in features.shape[1:]),
        labels=labels,
        splits=tuple(splits),
    )


def call_function(source: str, project_folder: str, path: str) -> None:
    """In the worker: save what the project's function returns as `path`, x and y."""
    returned = entrypoint.call(source, Path(project_folder))
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise ProjectError(f"{source} must return (x, y), returned {type(returned).__name__}")
    arrays: dict[str, Any] = {}
    for name, part in zip(("x", "y"), returned, strict=True):
        try:
            arrays[name] = np.asarray(part)
        except ValueError as error:
            raise ProjectError(f"{source}: {name} is not an array: {error}") from None
        if arrays[name].dtype == object:
            raise ProjectError(f"{source}: {name} is not an array of numbers")
    np.savez(path, **arrays)


def _digits() -> tuple[NDArray[Any], NDArray[Any]]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    return (digits.images / 16.0)[..., np.newaxis], digits.target


SOURCES: Mapping[str, Callable[[], tuple[Any, Any]]] = {"digits": _digits}


def _read(
    source: str, project_folder: Path, folder: Path
) -> tuple[NDArray[Any], NDArray[Any], tuple[str, ...]]:
    """x, y and the labels that the source itself tells, if it does."""
    if source in SOURCES:
        x, y = SOURCES[source]()
        return x, y, ()
    if entrypoint.is_entrypoint(source):
        entrypoint.source_file(source, project_folder)
        returned = folder / "returned.npz"
        arguments = {"source": source, "project_folder": project_folder, "path": returned}
        worker.call(
            f"the process of {source}",
            f"{__name__}:call_function",
            arguments,
            FUNCTION_TIMEOUT_SECONDS,
        )
        try:
            return _read_npz(returned, source)
        finally:
            returned.unlink()
    if source.endswith(".npz"):
        return _read_npz(project_folder / source, source)
    close = near_miss(source, SOURCES)
    raise ProjectError(
        f"dataset.source {source!r} is unknown" + (f", did you mean {close}?" if close else ""),
        [f"known: {', '.join(SOURCES)}, a path of an .npz, file.py:function"],
    )


def _read_npz(path: Path, source: str) -> tuple[NDArray[Any], NDArray[Any], tuple[str, ...]]:
    try:
        with npz.opened(path) as file:
            missing = [name for name in ("x", "y") if name not in file]
            if missing:
                raise ProjectError(
                    f"{source} has no array {' and no '.join(missing)}",
                    [f"it has: {', '.join(file.files) or 'nothing'}"],
                )
            labels = tuple(str(label) for label in file["labels"]) if "labels" in file else ()
            return file["x"], file["y"], labels
    except FileNotFoundError:
        raise ProjectError(f"dataset.source: there is no file {path}") from None
    except npz.DAMAGE as error:
        raise ProjectError(f"{source} is not an .npz of plain arrays: {error}") from None


def _checked(
    config: DatasetConfig, x: NDArray[Any], y: NDArray[Any], labels: tuple[str, ...]
) -> tuple[Floats, Labels, tuple[str, ...]]:
    """Features as float32, classes 0 .. len(labels)-1, and labels. Raises ProjectError."""
    findings = [*_features_findings(x), *_classes_findings(x, y)]
    if findings:
        raise ProjectError(f"data set {config.source} cannot be used", findings)
    features = np.ascontiguousarray(x, dtype=np.float32)
    values, counts = np.unique(y, return_counts=True)
    labels = config.labels or labels
    if labels:
        given = dict(zip(values.tolist(), counts.tolist(), strict=True))
        unnamed = [value for value in given if not 0 <= value < len(labels)]
        if unnamed:
            findings.append(f"y has {_some(unnamed)}, labels name 0 .. {len(labels) - 1}")
        if len(set(labels)) != len(labels):
            findings.append(f"labels are not distinct: {_some(labels)}")
        counts = np.array([given.get(value, 0) for value in range(len(labels))])
        classes = y.astype(np.int64)
    else:
        labels = tuple(str(value) for value in values.tolist())
        classes = np.searchsorted(values, y).astype(np.int64)
    if len(labels) < 2:
        findings.append(f"it has one class only: {labels[0]}")
    few = [f"{label} has {n}" for label, n in zip(labels, counts, strict=True) if n < len(SPLITS)]
    if few:
        findings.append(f"a class needs {len(SPLITS)} samples, one for each split: {_some(few)}")
    if findings:
        raise ProjectError(f"data set {config.source} cannot be used", findings)
    return features, classes, labels


def _features_findings(x: NDArray[Any]) -> list[str]:
    if x.dtype.kind not in "fiub":
        return [f"x must be numbers, found dtype {x.dtype}"]
    if not 2 <= x.ndim <= MAX_INPUT_RANK + 1 or x.size == 0:
        return [f"x must be [samples, ...] with 1 to {MAX_INPUT_RANK} more axes, found {x.shape}"]
    with np.errstate(over="ignore"):
        finite = np.isfinite(x.astype(np.float32)).reshape(len(x), -1).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        return [f"x is not finite in float32 in {len(bad)} samples: {_some(bad.tolist())}"]
    return []


def _classes_findings(x: NDArray[Any], y: NDArray[Any]) -> list[str]:
    findings = []
    if y.dtype.kind not in "iu":
        findings.append(f"y must be whole numbers, found dtype {y.dtype}")
    if y.ndim != 1:
        findings.append(f"y must be [samples], found {y.shape}")
    elif x.ndim and len(x) != len(y):
        findings.append(f"x has {len(x)} samples, y has {len(y)}")
    return findings


def _some(values: Any) -> str:
    shown = ", ".join(str(value) for value in values[:MAX_SHOWN])
    return shown + (f" and {len(values) - MAX_SHOWN} more" if len(values) > MAX_SHOWN else "")


def _split(
    config: DatasetConfig, classes: Labels, count: int, seed: int
) -> dict[str, NDArray[np.int64]]:
    """The indices of each split, ascending; every class has at least one sample in each."""
    random = np.random.default_rng(seed)
    parts: dict[str, list[NDArray[np.int64]]] = {split: [] for split in SPLITS}
    for value in range(count):
        members = random.permutation(np.flatnonzero(classes == value))
        test = max(1, round(len(members) * config.test))
        validation = max(1, round(len(members) * config.validation))
        test = min(test, len(members) - 2)
        validation = min(validation, len(members) - test - 1)
        parts["test"].append(members[:test])
        parts["validation"].append(members[test : test + validation])
        parts["train"].append(members[test + validation :])
    return {split: np.sort(np.concatenate(chosen)) for split, chosen in parts.items()}


def arrays_split(name: str, features: Floats, classes: Labels) -> Split:
    """One part of a data set, from its arrays."""
    return Split(name, len(classes), _arrays_sha256(features, classes))


def _arrays_sha256(*arrays: NDArray[Any]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode() + array.tobytes())
    return digest.hexdigest()
