"""Captured samples in a folder: append-only, each with its label and where it came from.

    captures/<label>/<id>.npy    one sample: the model's input as the board had it, int8
    captures/index.jsonl         one line a sample, a `Capture`
    captures/taken.json          how many of its lines belong to the project's data

A sample is written whole, then its line, each with fsync: after a crash the folder holds every
sample that was told as kept. A line that was cut off is taken away by the next writer, and a file
without a line is none of the folder's. To take a sample back, delete its .npy. The id is the
content's hash, so that the same sample is there once, under one label.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import itertools
import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from tinyflow.artifacts import TensorSpec
from tinyflow.errors import ProjectError, near_miss

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tinyflow.artifacts import Bytes, Floats

INDEX = "index.jsonl"
TAKEN = "taken.json"
MAX_INDEX_BYTES = 256 << 20
MAX_SAMPLE_BYTES = 64 << 20
MAX_SHOWN = 20
ID_DIGITS = 16
NPY_HEADER_BYTES = 4096  # more than any .npy of ours has

ADDED, AGAIN, OTHER_LABEL = "added", "again", "other label"


@dataclass(frozen=True)
class Capture:
    """One line of the index.

    `file` is relative to the folder, `sha256` of the content (`content_sha256`). Values q of
    `dtype` stand for (q - zero_point) * scale. `sample` is the board's number of it since its
    start, `time` seconds since the epoch. `device` is the board's USB serial number, or its port.
    `predicted` and `scores` are what the board answered, `count` what it took in `counter_unit`,
    `dropped` the windows that had gone by unseen until then.
    """

    file: str
    sha256: str
    label: str
    sample: int
    time: float
    board: str
    device: str
    model_sha256: str
    build_id: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    dtype: str
    predicted: str
    scores: tuple[float, ...]
    count: int
    counter_unit: str
    dropped: int

    @property
    def spec(self) -> TensorSpec:
        """The input of the model that was captured; its shape has the batch."""
        return TensorSpec("input", (1, *self.shape), self.scale, self.zero_point, self.dtype)


@dataclass(frozen=True)
class Captured:
    """A folder read: each sample once, in the order in which they came.

    `removed` lines have no file any more, `repeated` ones are there before with the same label;
    `lines` have been read.
    """

    captures: tuple[Capture, ...]
    data: Bytes  # int8 [N, elements]
    removed: int
    repeated: int
    lines: int

    def features(self) -> Floats:
        """Real values float32 [N, *shape]."""
        rows = [
            c.spec.decode(d.reshape(1, -1)) for c, d in zip(self.captures, self.data, strict=True)
        ]
        shape = self.captures[0].shape if self.captures else ()
        return np.concatenate(rows).reshape(len(rows), *shape)


def content_sha256(spec: TensorSpec, data: bytes) -> str:
    """The hash of a sample: its bytes, and what they stand for."""
    head = f"{spec.dtype} {list(spec.shape[1:])} {spec.scale!r} {spec.zero_point}\n"
    return hashlib.sha256(head.encode() + data).hexdigest()


class Folder:
    """A folder that samples are added to. Several programs may add to one at the same time.

    Raises ProjectError when it cannot be written, or its index is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _explained(path):
            path.mkdir(parents=True, exist_ok=True)
            with _locked(path / INDEX) as index:
                _mend(index)
        self._labels = {c.sha256: c.label for _, c in _lines(path) if (path / c.file).is_file()}

    def __len__(self) -> int:
        return len(self._labels)

    def add(self, capture: Capture, data: bytes, labels: Sequence[str]) -> tuple[str, str]:
        """Keep a sample; `file` and `sha256` of `capture` are filled in.

        Returns ADDED and its file, relative to the folder; or AGAIN where it is there already, or
        OTHER_LABEL where it is there as something else: then nothing is written. When this returns,
        the sample is on disk.
        """
        sha256 = content_sha256(capture.spec, data)
        if (known := self._labels.get(sha256)) is not None:
            return (AGAIN if known == capture.label else OTHER_LABEL), ""
        place = f"{_folder_name(capture.label, labels)}/{sha256[:ID_DIGITS]}.npy"
        line = json.dumps(asdict(replace(capture, file=place, sha256=sha256)))
        stream = io.BytesIO()
        np.save(stream, np.frombuffer(data, capture.dtype).reshape(capture.shape))
        with _explained(self.path):
            _write(self.path / place, stream.getvalue())
            with _locked(self.path / INDEX) as index:
                _mend(index)
                _append(index, line.encode() + b"\n")
        self._labels[sha256] = capture.label
        return ADDED, place


def take(path: Path, lines: int) -> None:
    """Say that the samples in the first `lines` belong to the project's data from now on."""
    with _explained(path):
        _write(path / TAKEN, json.dumps({"lines": lines}).encode() + b"\n")


def taken(path: Path) -> int:
    """How many lines belong to the project's data; 0 where `take` was never called."""
    file = path / TAKEN
    try:
        lines = json.loads(file.read_bytes())["lines"]
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except (OSError, ValueError, KeyError, TypeError):
        lines = None
    if type(lines) is not int or lines < 0:
        raise ProjectError(f"{file} does not say how many samples were taken")
    return lines


def read(
    path: Path, labels: Sequence[str], shape: tuple[int, ...], lines: int | None = None
) -> Captured:
    """The samples of a folder for a project with these labels, whose inputs have `shape`.

    With `lines` those after so many lines are left out. Raises ProjectError with everything in the
    folder that cannot be used.
    """
    without = [f"delete {path / TAKEN} to do without them"] if (path / TAKEN).is_file() else []
    if not (path / INDEX).is_file():
        raise ProjectError(
            f"{path} has no captured samples",
            [f"there is no {INDEX}"],
            ["tinyflow capture --board NAME --label LABEL", *without],
        )
    findings: list[str] = []
    kept: dict[str, Capture] = {}
    rows: list[NDArray[Any]] = []
    scales: dict[str, tuple[float, int]] = {}
    removed = repeated = number = 0
    for number, capture in itertools.islice(_lines(path, findings), lines):
        where = f"line {number}, {capture.file}"
        if not _is_place(capture.file):
            findings.append(f"{where}: file is not <label>/<id>.npy")
            continue
        file = path / capture.file
        if not file.is_file():
            removed += 1
            continue
        found = [*_faults(capture, labels, shape), *_other_scale(capture, scales)]
        before = kept.get(capture.sha256)
        if before is not None and before.label != capture.label:
            found.append(f"the same sample is {before.label} in {before.file}")
        row = None if found else _load(file, capture, found)
        findings += [f"{where}: {text}" for text in found]
        if before is not None:
            repeated += before.label == capture.label
        elif row is not None:
            kept[capture.sha256] = capture
            rows.append(row)
    if findings:
        more = [f"and {len(findings) - MAX_SHOWN} more"] if len(findings) > MAX_SHOWN else []
        raise ProjectError(
            f"{path} has {len(findings)} sample{'s' * (len(findings) > 1)} that cannot be used",
            [*findings[:MAX_SHOWN], *more],
            [
                "delete a sample's .npy, and its line no longer counts",
                f"take a line that is none out of {INDEX}",
            ],
        )
    if not rows:
        raise ProjectError(f"{path} has no samples", [f"{removed} were deleted"], without)
    data: Bytes = np.stack(rows)
    return Captured(tuple(kept.values()), data, removed, repeated, number)


# ---- one line, one file ----


def _lines(path: Path, findings: list[str] | None = None) -> Iterator[tuple[int, Capture]]:
    """The index's lines by number. One that is none is added to `findings`, or passed over."""
    from pydantic import TypeAdapter, ValidationError

    adapter = TypeAdapter(Capture)
    with _explained(path), (path / INDEX).open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > MAX_INDEX_BYTES:
            raise ProjectError(f"{path / INDEX} has {size} B, the limit is {MAX_INDEX_BYTES} B")
        for number, line in enumerate(stream, start=1):
            if not line.endswith(b"\n"):
                return  # cut off: never told as kept
            try:
                yield number, adapter.validate_json(line, strict=True)
            except ValidationError as error:
                if findings is not None:
                    first = error.errors(include_url=False)[0]
                    key = ".".join(map(str, first["loc"]))
                    findings.append(f"line {number}: {key or 'it'}: {first['msg'][:80]}")


def _faults(capture: Capture, labels: Sequence[str], shape: tuple[int, ...]) -> list[str]:
    found = []
    if capture.label not in labels:
        close = near_miss(capture.label, labels)
        found.append(
            f"label {capture.label!r} is none of the project's"
            + (f", did you mean {close}?" if close else "")
        )
    if capture.shape != shape:
        found.append(f"shape {list(capture.shape)}, the data set has {list(shape)}")
    if capture.dtype != "int8":
        found.append(f"dtype {capture.dtype}, int8 is captured")
    if not (math.isfinite(capture.scale) and capture.scale > 0):
        found.append(f"scale {capture.scale!r} is not over 0")
    if not -128 <= capture.zero_point <= 127:
        found.append(f"zero_point {capture.zero_point} is not -128 to 127")
    return found


def _is_place(file: str) -> bool:
    parts = Path(file).parts
    return len(parts) == 2 and not {"..", "/"} & {*parts} and Path(file).suffix == ".npy"


def _other_scale(capture: Capture, scales: dict[str, tuple[float, int]]) -> list[str]:
    """A model has one quantisation: one that has two is not what made the sample."""
    here = (capture.scale, capture.zero_point)
    known = scales.setdefault(capture.model_sha256, here)
    if known == here:
        return []
    return [
        f"scale {here[0]:g} and zero_point {here[1]} are another model's: "
        f"{capture.model_sha256[:16]} has {known[0]:g} and {known[1]}"
    ]


def _load(file: Path, capture: Capture, found: list[str]) -> NDArray[Any] | None:
    """The sample's values, flat; None, and a line in `found`, where the file is damaged."""
    try:
        size = file.stat().st_size
        if size > min(MAX_SAMPLE_BYTES, math.prod(capture.shape) + NPY_HEADER_BYTES):
            raise ValueError(f"it has {size} B")
        values = np.load(io.BytesIO(file.read_bytes()), allow_pickle=False)
        if values.dtype != np.int8 or values.shape != capture.shape:
            raise ValueError(f"it holds {values.dtype} {list(values.shape)}")
        if content_sha256(capture.spec, values.tobytes()) != capture.sha256:
            raise ValueError("its content is not what was captured")
    except (OSError, ValueError, EOFError, MemoryError) as error:
        found.append(f"damaged: {str(error).splitlines()[0][:120] if str(error) else 'empty'}")
        return None
    return np.ascontiguousarray(values).reshape(-1)


def _folder_name(label: str, labels: Sequence[str]) -> str:
    """A label as a folder's name, where it can be one."""
    plain = label.replace("-", "").replace("_", "").replace(".", "")
    if plain.isascii() and plain.isalnum() and not label.startswith("."):
        return label
    return f"class_{list(labels).index(label)}"


# ---- writing so that a crash leaves nothing half-done ----


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ProjectError(
            f"{path} cannot be used: {error.strerror or error}",
            ["samples kept before are still there"],
        ) from None


@contextlib.contextmanager
def _locked(index: Path) -> Iterator[IO[bytes]]:
    """The index, open for this program alone while the block runs; the lock ends with it."""
    with index.open("a+b", buffering=0) as stream:
        try:
            import fcntl
        except ImportError:  # Windows: one program at a time, as its documentation says
            yield stream
            return
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield stream


def _mend(index: IO[bytes]) -> None:
    """Take away what a writer that was killed has left of a line."""
    end = index.seek(0, os.SEEK_END)
    if end == 0:
        return
    index.seek(max(0, end - (1 << 20)))
    tail = index.read()
    if tail.endswith(b"\n"):
        return
    index.truncate(end - len(tail) + tail.rfind(b"\n") + 1)
    os.fsync(index.fileno())


def _append(index: IO[bytes], line: bytes) -> None:
    before = index.seek(0, os.SEEK_END)
    try:
        if index.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(index.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            index.truncate(before)
        raise


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    if os.name == "posix":
        descriptor = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
