"""The project file, tinyflow.toml. The dataclasses below are its schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from tinyflow import paths, schema
from tinyflow.errors import ProjectError

Fraction = Annotated[float, Gt(0), Lt(1)]
Share = Annotated[float, Ge(0), Lt(1)]


@dataclass(frozen=True)
class DatasetConfig(schema.Checked):
    """`source` is `digits`, an .npz with `x` and `y`, or `file.py:function` that returns (x, y).

    `captures` is a folder of captured samples; those with which a model was retrained and deployed
    belong to the data from then on.
    """

    source: str
    validation: Fraction = 0.15
    test: Fraction = 0.2
    labels: tuple[str, ...] = ()
    captures: str = "captures"


@dataclass(frozen=True)
class TrainingConfig(schema.Checked):
    """`model` is `ds_cnn`, or `file.py:function` that takes (input_shape, classes)."""

    model: str = "ds_cnn"
    epochs: Annotated[int, Gt(0), Le(10_000)] = 40
    batch_size: Annotated[int, Gt(0)] = 32
    learning_rate: Annotated[float, Gt(0)] = 0.002


@dataclass(frozen=True)
class PruningConfig(schema.Checked):
    """`channels` removes that share of every prunable layer's output channels (structured);
    `magnitude` sets that share of the smallest weights to zero (unstructured)."""

    method: Literal["none", "channels", "magnitude"] = "none"
    amount: Share = 0.5
    epochs: Annotated[int, Gt(0), Le(10_000)] = 20
    learning_rate: Annotated[float, Gt(0)] = 0.001


@dataclass(frozen=True)
class QuantizationConfig(schema.Checked):
    """How many training samples the representative data set has."""

    representative_samples: Annotated[int, Gt(0)] = 200


Optimize = Literal["speed", "size", "balanced"]
"""What kernels are chosen for."""


@dataclass(frozen=True)
class CompileConfig(schema.Checked):
    """`optimize` is what to choose kernels for: `speed`, `size`, or `balanced`, where one per cent
    of flash is worth two of instructions. `flash_bytes` limits weights and kernels together, 0 is
    no limit. `layers` name the way in which single nodes of the .tflite are computed ("3" =
    "winograd"); `tinyflow profile` shows the names.
    """

    optimize: Optimize = "balanced"
    flash_bytes: Annotated[int, Ge(0)] = 0
    layers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BudgetConfig(schema.Checked):
    """Limits that fail a deploy. Zero means no limit. Flash and RAM are the whole image's."""

    flash_bytes: Annotated[int, Ge(0)] = 0
    ram_bytes: Annotated[int, Ge(0)] = 0
    latency_us: Annotated[float, Ge(0)] = 0.0
    count_per_inference: Annotated[int, Ge(0)] = 0
    accuracy: Annotated[float, Ge(0), Le(1)] = 0.0


@dataclass(frozen=True)
class SensorConfig(schema.Checked):
    """What the firmware senses; without `[sensor]` it answers requests only.

    `driver` is `replay` (samples come from the host), a driver of tinyflow's (`mpu6050`,
    `inmp441`), or a C file of the project's own. `rate_hz` is samples a second, 0 where unknown.
    A sample has `channels` values (0: the driver's, else 1). The model looks at `window` samples
    (0: as many as its input holds), and again `hop` samples later (0: no overlap). `format` is of
    one value (empty: the driver's, else int8, which is the model's own quantisation); `scale` is
    what one unit of an int16 value stands for in the training data (0: the driver's, else 1/32768).
    `pins` are GPIO numbers by name, as the driver asks for them.
    """

    driver: str = "replay"
    rate_hz: Annotated[int, Ge(0), Le(1_000_000)] = 0
    channels: Annotated[int, Ge(0), Le(64)] = 0
    window: Annotated[int, Ge(0), Le(1 << 24)] = 0
    hop: Annotated[int, Ge(0), Le(1 << 24)] = 0
    format: Literal["", "int8", "int16"] = ""
    scale: Annotated[float, Ge(0)] = 0.0
    pins: Mapping[str, Annotated[int, Ge(0), Le(99)]] = field(default_factory=dict)


@dataclass(frozen=True)
class CaptureConfig(schema.Checked):
    """With `[capture]` the firmware can give raw samples, after it was switched on at the device.

    `console` says whether a person may do that by typing `capture on` on its console; else the
    application alone does. A sample is held for a host that is silent for `hold_ms` at most.
    """

    console: bool = True
    hold_ms: Annotated[int, Ge(100), Le(60_000)] = 5000


LEAST_WINDOW = 16  # sketches of fewer inferences would tell what one of them looked at


@dataclass(frozen=True)
class DriftConfig(schema.Checked):
    """How a board tells that its data are not those of training.

    It scores once in `window` inferences, at least LEAST_WINDOW, or 0: never. `false_alarm_rate` is
    the chance of an alarm in a window of data like those of training. So many inferences in a row
    as `repeats` says see about the same, 0: as many as windows of the `[sensor]` overlap, else 1.
    Where the field's mix of classes is known to be another one, `classes` is false: then
    confidences alone are compared.
    """

    window: Annotated[int, Ge(0), Le(1024)] = 64
    false_alarm_rate: Annotated[float, Ge(0.0001), Le(0.5)] = 0.001
    repeats: Annotated[int, Ge(0), Le(1024)] = 0
    classes: bool = True


@dataclass(frozen=True)
class AlertsConfig(schema.Checked):
    """When `tinyflow monitor` raises an alert; a rule with 0 is off.

    `drift` is times the board's own limits, `latency` times `[budget]`'s. `deadline_misses` are new
    ones within a minute, `restarts` those within `restart_minutes`; `silent_seconds` is how long a
    board may say nothing. An alert ends when the figure has been well under its limit for
    `calm_seconds`. `webhook` is a URL that each alert, and each end of one, is posted to.
    """

    drift: Annotated[float, Ge(0)] = 1.0
    latency: Annotated[float, Ge(0)] = 1.0
    deadline_misses: Annotated[int, Ge(0)] = 1
    restarts: Annotated[int, Ge(0), Le(1000)] = 3
    restart_minutes: Annotated[float, Gt(0), Le(1440)] = 5.0
    silent_seconds: Annotated[float, Ge(0)] = 30.0
    calm_seconds: Annotated[float, Ge(0)] = 10.0
    webhook: str = ""


MlperfTask = Literal["kws01", "vww01", "ic01", "ad01"]
"""The benchmarks of MLPerf Tiny, as its runner calls them."""


@dataclass(frozen=True)
class FirmwareConfig(schema.Checked):
    """`mlperf` makes the console the interface of that MLPerf Tiny benchmark; empty: of none."""

    mlperf: Literal["", MlperfTask] = ""


@dataclass(frozen=True)
class ProjectConfig(schema.Checked):
    """All of tinyflow.toml. `name` becomes part of C symbols."""

    name: str
    dataset: DatasetConfig
    seed: Annotated[int, Ge(0), Lt(2**31)] = 1
    board: str = ""
    training: TrainingConfig = field(default_factory=TrainingConfig)
    pruning: PruningConfig = field(default_factory=PruningConfig)
    quantization: QuantizationConfig = field(default_factory=QuantizationConfig)
    compile: CompileConfig = field(default_factory=CompileConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    sensor: SensorConfig | None = None
    capture: CaptureConfig | None = None
    firmware: FirmwareConfig = field(default_factory=FirmwareConfig)
    drift: DriftConfig = field(default_factory=DriftConfig)
    alerts: AlertsConfig = field(default_factory=AlertsConfig)


@dataclass(frozen=True)
class Project:
    """A project file and the folder it stands in."""

    folder: Path
    config: ProjectConfig

    @property
    def work_folder(self) -> Path:
        return self.folder / paths.WORK_FOLDER


def load_project(folder: Path | None = None) -> Project:
    """The project at or above `folder` (default: the current one).

    Raises ProjectError when there is none, or its file has anything to fix.
    """
    start = folder or Path.cwd()
    home = paths.find_project(start)
    if home is None:
        raise ProjectError(
            f"no {paths.PROJECT_FILE} in {start} or above",
            hints=["tinyflow init digits && cd digits"],
        )
    file = home / paths.PROJECT_FILE
    config = schema.check(ProjectConfig, schema.read_toml(file), file)
    if not (config.name.isidentifier() and config.name.isascii()):
        raise ProjectError(
            f"{file} has a key to fix",
            [f"name: must be a C identifier, found {config.name!r}"],
        )
    numbers = [key for key in config.compile.layers if not key.isdecimal()]
    if numbers:
        raise ProjectError(
            f"{file} has keys to fix",
            [f"compile.layers: keys are numbers of nodes, found {key!r}" for key in numbers],
        )
    if 0 < config.drift.window < LEAST_WINDOW:
        raise ProjectError(
            f"{file} has a key to fix",
            [f"drift.window: must be 0 or at least {LEAST_WINDOW}, found {config.drift.window}"],
        )
    if config.capture is not None and config.sensor is None:
        raise ProjectError(
            f"{file} has a key to fix",
            ["capture: what is captured is what [sensor] gives the model, and there is none"],
        )
    if config.dataset.validation + config.dataset.test >= 1:
        raise ProjectError(
            f"{file} has keys to fix",
            [
                "dataset.validation + dataset.test: must be under 1, found "
                f"{config.dataset.validation} + {config.dataset.test}"
            ],
        )
    return Project(home, config)
