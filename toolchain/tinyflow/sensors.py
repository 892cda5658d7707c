"""What the firmware senses: the project's `[sensor]`, made complete for a model and a board."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tinyflow import paths
from tinyflow.artifacts import CompiledModel
from tinyflow.boards import BoardProfile
from tinyflow.config import SensorConfig
from tinyflow.errors import ProjectError, near_miss

FORMATS = {"int8": 1, "int16": 2}
FULL_SCALE = 1 / 32768
MAX_SAMPLE_BYTES = 128
COUNT_MAX = (1 << 32) - 1


@dataclass(frozen=True)
class Driver:
    """A driver that tinyflow brings: `folder` below firmware/sensor/drivers has <name>.c.

    `port_layer` is the one it needs, `components` the SDK's parts; `channels` and `format` are what
    its samples have, `scale` is what a unit of them is in `unit`; `rates` are those it can do.
    """

    folder: str
    port_layer: str = ""
    channels: int = 0
    format: str = ""
    scale: float = 0.0
    pins: tuple[str, ...] = ()
    rates: tuple[int, ...] | range = ()
    components: tuple[str, ...] = ()


# An MPU-6050 at +-2 g gives 16384 units per g and divides 1 kHz by 1 to 256. An INMP441 gives
# fractions of full scale, at 7.8 to 50 kHz.
DRIVERS: Mapping[str, Driver] = {
    "replay": Driver("any"),
    "mpu6050": Driver(
        folder="espidf",
        port_layer="espidf",
        channels=3,
        format="int16",
        scale=1 / 16384,
        pins=("sda", "scl"),
        rates=tuple(1000 // n for n in range(1, 251) if 1000 % n == 0)[::-1],
        components=("esp_driver_i2c",),
    ),
    "inmp441": Driver(
        folder="espidf",
        port_layer="espidf",
        channels=1,
        format="int16",
        scale=FULL_SCALE,
        pins=("sck", "ws", "sd"),
        rates=range(8000, 48001),
        components=("esp_driver_i2s",),
    ),
}


@dataclass(frozen=True)
class Sensor:
    """Context of templates/firmware/tnf_sensor_config.h.j2.

    `driver` is told to the host, `source` becomes src/sensor.c. A value q of an int16 sample stands
    for q * `scale`, and is the model's input round(q * multiplier / 2^shift) + its zero point.
    `deadline` is the count in which a hop comes in, 0 where that is not known.
    """

    driver: str
    source: Path
    source_sha256: str
    rate_hz: int
    channels: int
    window: int
    hop: int
    value_bytes: int
    scale: float
    multiplier: int
    shift: int
    deadline: int
    pins: Mapping[str, int] = field(default_factory=dict)
    components: tuple[str, ...] = ()

    def as_key(self) -> dict[str, object]:
        """All that the firmware depends on, wherever the driver's file lies."""
        return {name: value for name, value in vars(self).items() if name != "source"}


def resolve(
    config: SensorConfig, model: CompiledModel, board: BoardProfile, folder: Path | None
) -> Sensor:
    """What `config` means for this model and board; `folder` is the project's.

    Raises ProjectError that names all that does not fit.
    """
    driver, source = _driver(config.driver, folder)
    own = config.driver not in DRIVERS
    wrong: list[str] = []
    if driver.port_layer and driver.port_layer not in board.port_layers:
        wrong.append(
            f"driver: {config.driver} needs port layer {driver.port_layer}, board {board.name} "
            f"built with {board.builder} has {', '.join(board.port_layers)}"
        )
    channels = config.channels or driver.channels or 1
    if driver.channels and channels != driver.channels:
        wrong.append(f"channels: {config.driver} has {driver.channels}, found {channels}")
    if model.input.dtype != "int8" or len(model.inputs) != 1:
        raise ProjectError(
            f"[sensor] needs a model with one int8 input, {model.name} has "
            + ", ".join(spec.dtype for spec in model.inputs)
        )
    values = model.input.size_bytes
    window = config.window or values // channels
    if window * channels != values and not (own and config.window):
        wrong.append(
            f"window: {window} samples of {channels} values are {window * channels}, "
            f"the input of {model.name} has {values}"
        )
    hop = config.hop or window
    if not 1 <= hop <= window:
        wrong.append(f"hop: must be 1 to the window's {window} samples, found {hop}")
    kind = config.format or driver.format or "int8"
    if driver.format and kind != driver.format:
        wrong.append(f"format: {config.driver} gives {driver.format}, found {kind!r}")
    if driver.rates and config.rate_hz not in driver.rates:
        wrong.append(f"rate_hz: {config.driver} does {_told(driver.rates)}, found {config.rate_hz}")
    if not own and sorted(config.pins) != sorted(driver.pins):
        wrong.append(
            f"pins: {config.driver} needs {_pins(driver.pins)}, found {_pins(config.pins)}"
        )
    wrong += [f"pins: {name} is no name for C" for name in config.pins if not name.isidentifier()]
    scale = config.scale or driver.scale or FULL_SCALE
    if kind == "int8":
        scale = model.input.scale
    ratio = scale / model.input.scale
    if not 2.0**-31 < ratio < 2.0**15:
        wrong.append(f"scale: {scale:g} is {ratio:g} of the input's {model.input.scale:g}")
    if wrong:
        raise ProjectError(f"[sensor] does not fit model {model.name} on board {board.name}", wrong)
    multiplier, shift = _fixed(ratio)
    return Sensor(
        driver=config.driver,
        source=source,
        source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
        rate_hz=config.rate_hz,
        channels=channels,
        window=window,
        hop=hop,
        value_bytes=FORMATS[kind],
        scale=scale,
        multiplier=multiplier,
        shift=shift,
        deadline=_deadline(board, hop, config.rate_hz),
        pins=dict(config.pins),
        components=driver.components,
    )


def _driver(name: str, folder: Path | None) -> tuple[Driver, Path]:
    if name in DRIVERS:
        driver = DRIVERS[name]
        place = paths.data_folder("firmware") / "sensor" / "drivers" / driver.folder
        return driver, place / f"{name}.c"
    if name.endswith(".c") and folder is not None:
        source = folder / name
        if source.is_file():
            return Driver("any"), source
        raise ProjectError(f"[sensor] driver {name} is not a file", [f"looked in {folder}"])
    close = near_miss(name, DRIVERS)
    raise ProjectError(
        f"[sensor] driver {name} is unknown" + (f", did you mean {close}?" if close else ""),
        [f"known: {', '.join(DRIVERS)}; or a C file of the project's own"],
        ['driver = "replay"'],
    )


def _fixed(ratio: float) -> tuple[int, int]:
    """multiplier in [2^30, 2^31) and shift with multiplier / 2^shift nearest to `ratio`."""
    fraction, exponent = math.frexp(ratio)
    multiplier = round(fraction * 2.0**31)
    if multiplier == 1 << 31:
        multiplier, exponent = 1 << 30, exponent + 1
    return multiplier, 31 - exponent


def _deadline(board: BoardProfile, hop: int, rate_hz: int) -> int:
    """What the board counts while a hop comes in, 0 where its counts are no time."""
    per_second = {"nanoseconds": 1_000_000_000, "cycles": board.clock_hz}.get(board.counter.unit, 0)
    if not rate_hz or not per_second:
        return 0
    ticks = hop * per_second // rate_hz
    return ticks if ticks <= COUNT_MAX else 0


def _told(rates: tuple[int, ...] | range) -> str:
    if isinstance(rates, range):
        return f"{rates.start} to {rates.stop - 1} Hz"
    return ", ".join(map(str, rates)) + " Hz"


def _pins(names: tuple[str, ...] | Mapping[str, int]) -> str:
    return ", ".join(sorted(names)) or "none"
