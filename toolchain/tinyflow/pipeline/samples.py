"""Recorded samples from a file, as the bytes that a board's sensor would have given."""

from __future__ import annotations

import csv
import wave
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyflow import npz
from tinyflow.artifacts import TensorSpec
from tinyflow.errors import ProjectError

if TYPE_CHECKING:
    from tinyflow.sensors import Sensor

Values = NDArray[Any]

MAX_FILE_BYTES = 256 << 20
MAX_CSV_BYTES = 64 << 20
PCM_FULL_SCALE = 32768


@dataclass(frozen=True)
class Recording:
    """`data` is whole samples one after another, as the sensor gives them; `count` of them."""

    data: bytes
    count: int


def read(file: Path, sensor: Sensor, input: TensorSpec) -> Recording:
    """The samples in an .npz (array `x`), .wav or .csv.

    Floats, and all numbers of a .csv, are in the units of the training data; integers of an .npz
    are taken as they are, and must be what the sensor gives; a .wav has 16 bits. What has more than
    two dimensions is windows, one after another. Raises ProjectError for all that cannot be.
    """
    readers = {".npz": _npz, ".wav": _wav, ".csv": _csv}
    if file.suffix.lower() not in readers:
        raise ProjectError(
            f"{file} has no samples that can be read",
            [f"known: {', '.join(readers)}; found {file.suffix or 'no suffix'}"],
        )
    limit = MAX_CSV_BYTES if file.suffix.lower() == ".csv" else MAX_FILE_BYTES
    try:
        size = file.stat().st_size
        if size > limit:
            raise ProjectError(f"{file} has {size} B, the limit is {limit} B")
        values = readers[file.suffix.lower()](file, sensor)
    except OSError as error:
        raise ProjectError(f"{file} cannot be read: {error.strerror or error}") from None
    if sensor.channels > 1 and (values.ndim < 2 or values.shape[-1] != sensor.channels):
        raise ProjectError(
            f"{file} has shape {list(values.shape)}, the sensor's samples have {sensor.channels} "
            "values",
            [f"its last axis must be {sensor.channels}"],
        )
    if not values.size:
        raise ProjectError(f"{file} has no samples")
    data = _as_sensed(file, values, sensor, input)
    return Recording(data, values.size // sensor.channels)


def _as_sensed(file: Path, values: Values, sensor: Sensor, input: TensorSpec) -> bytes:
    kind = np.dtype("<i2" if sensor.value_bytes == 2 else "i1")
    if values.dtype.kind == "i" and values.dtype.itemsize == kind.itemsize:
        return values.astype(kind).tobytes()
    if values.dtype.kind != "f" or not np.isfinite(values).all():
        raise ProjectError(
            f"{file} has {values.dtype} values, or some that are not finite",
            [f"float is taken in the training data's units, int{8 * kind.itemsize} as it is"],
        )
    if sensor.value_bytes == 1:
        return input.quantize(values.astype(np.float32)).tobytes()
    units = values.astype(np.float64) / sensor.scale
    nearest = np.trunc(units + np.copysign(0.5, units))
    return np.clip(nearest, -32768, 32767).astype(kind).tobytes()


def _npz(file: Path, sensor: Sensor) -> Values:
    try:
        with zipfile.ZipFile(file) as members:
            stored = sum(member.file_size for member in members.infolist())
        if stored > MAX_FILE_BYTES:
            raise ProjectError(f"{file} holds {stored} B, the limit is {MAX_FILE_BYTES} B")
        with npz.opened(file) as arrays:
            return np.asarray(arrays["x"])
    except FileNotFoundError:
        raise
    except (KeyError, *npz.DAMAGE) as error:
        raise ProjectError(f"{file} has no array x that can be read: {error}") from None


def _wav(file: Path, sensor: Sensor) -> Values:
    try:
        with file.open("rb") as stream, wave.open(stream) as sound:
            found = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
            data = sound.readframes(min(sound.getnframes(), MAX_FILE_BYTES))
    except (wave.Error, EOFError, RuntimeError, ValueError) as error:
        reason = str(error) or "it ends too early"
        raise ProjectError(f"{file} is no .wav that can be read: {reason}") from None
    rate = sensor.rate_hz or found[2]
    if found != (sensor.channels, 2, rate):
        raise ProjectError(
            f"{file} has {found[0]} channels of {8 * found[1]} bits at {found[2]} Hz",
            [f"the sensor has {sensor.channels} of 16 bits at {rate} Hz"],
            [f"ffmpeg -i {file} -ac {sensor.channels} -ar {rate} -sample_fmt s16 other.wav"],
        )
    whole = len(data) - len(data) % (2 * sensor.channels)
    pcm = np.frombuffer(data[:whole], dtype="<i2").reshape(-1, sensor.channels)
    return pcm if sensor.value_bytes == 2 else pcm.astype(np.float32) / PCM_FULL_SCALE


def _csv(file: Path, sensor: Sensor) -> Values:
    rows: list[list[float]] = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            for line, row in enumerate(csv.reader(stream), start=1):
                numbers = _numbers(row)
                if not row or (line == 1 and numbers is None):
                    continue  # an empty line, or the heading
                if numbers is None or len(numbers) != sensor.channels:
                    raise ProjectError(
                        f"{file} has a row to fix: line {line}",
                        [f"a row has {sensor.channels} numbers, found {','.join(row)[:80]!r}"],
                    )
                rows.append(numbers)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ProjectError(f"{file} is no .csv that can be read: {error}") from None
    return np.array(rows, dtype=np.float64).reshape(-1, sensor.channels)


def _numbers(row: list[str]) -> list[float] | None:
    try:
        return [float(cell) for cell in row]
    except ValueError:
        return None
