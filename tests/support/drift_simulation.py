"""How soon a board notices what, and how often it is wrong, by simulation on handwritten digits.

The device is the firmware's C compiled for the host, its reference is what a deploy of
`examples/digits` bakes in, its inferences are drawn from the test split, which neither training nor
reference saw. The digits have 17 grey levels, of which the least change of gain moves all: they are
spread first, as a sensor's noise would, so that they are no easier than other data.

`python tests/support/drift_simulation.py` prints the tables of docs/telemetry.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from drift_device import Device

from tinyflow import datasets, drift
from tinyflow.artifacts import TrainingReference
from tinyflow.compiler.host import HostModel, load
from tinyflow.config import DatasetConfig, DriftConfig

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes, Floats, Labels

MODEL = Path(__file__).parents[1] / "models" / "digits.tflite"
SEED = 1
CLEAN_WINDOWS = 4
MOST_WINDOWS = 12

Change = Callable[["Floats", "Labels", np.random.Generator], "tuple[Floats, Labels]"]


def _pixels(change: Callable[[Any, np.random.Generator], Any]) -> Change:
    """A change of the input that keeps it in the range that the model was quantised for."""

    def changed(x: Floats, y: Labels, chance: np.random.Generator) -> tuple[Floats, Labels]:
        return np.clip(change(x, chance), 0, 1).astype(np.float32), y

    return changed


def _without(*classes: int) -> Change:
    def changed(x: Floats, y: Labels, chance: np.random.Generator) -> tuple[Floats, Labels]:
        kept = ~np.isin(y, classes)
        return x[kept], y[kept]

    return changed


def _column(x: Any, chance: np.random.Generator) -> Any:
    stuck = x.copy()
    stuck[:, :, 4] = 0
    return stuck


CHANGES: Mapping[str, Change] = {
    "gain 0.95": _pixels(lambda x, _: x * 0.95),
    "gain 0.8": _pixels(lambda x, _: x * 0.8),
    "offset of 1/32 of the range": _pixels(lambda x, _: x + 1 / 32),
    "offset of 1/8 of the range": _pixels(lambda x, _: x + 1 / 8),
    "noise, deviation 0.02": _pixels(lambda x, c: x + c.normal(0, 0.02, x.shape)),
    "noise, deviation 0.2": _pixels(lambda x, c: x + c.normal(0, 0.2, x.shape)),
    "class 3 is missing": _without(3),
    "classes 0 to 4 are missing": _without(0, 1, 2, 3, 4),
    "one of eight columns is stuck": _pixels(_column),
    "the whole sensor is stuck": _pixels(lambda x, _: x * 0 + 0.5),
    "the image is upside down": _pixels(lambda x, _: x[:, ::-1]),
}


def _spread(x: Floats, chance: np.random.Generator) -> Floats:
    """Half a grey level up or down."""
    return np.clip(x + chance.uniform(-1 / 32, 1 / 32, x.shape), 0, 1).astype(np.float32)


@dataclass(frozen=True)
class Delay:
    """When boards noticed a change: the share that did within MOST_WINDOWS, and the inferences from
    the change to the alarm that half and 95 % of all needed; infinite where more never did."""

    noticed: float
    median: float
    slow: float
    input_alarms: bool
    output_alarms: bool


class Simulation:
    """The digits, their model, and the reference for `settings`."""

    def __init__(self, folder: Path, settings: DriftConfig) -> None:
        self.folder = folder
        data = datasets.load(DatasetConfig("digits"), SEED, folder, folder)
        self.model: HostModel = load(MODEL)
        compiled = self.model.compiled
        chance = np.random.default_rng(SEED)
        train, _ = self._answers(_spread(data.read("train")[0], chance))
        _, judged = self._answers(_spread(data.read("validation")[0], chance))
        features, labels = data.read("test")
        self.test = _spread(features, chance), labels
        self.reference: TrainingReference = drift.reference(
            compiled.inputs,
            compiled.outputs,
            train,
            judged,
            window=settings.window,
            false_alarm_rate=settings.false_alarm_rate,
            classes=settings.classes,
            repeats=settings.repeats or 1,
            seed=SEED,
        )
        self.device = Device(folder / "device", self.reference, compiled.inputs, compiled.outputs)
        self.clean = self._answers(self.test[0])

    def _answers(self, features: Floats) -> tuple[Bytes, Bytes]:
        inputs = self.model.compiled.input.encode(features)
        return inputs, self.model.invoke(inputs)

    def _drawn(
        self, data: tuple[Bytes, Bytes], count: int, chance: np.random.Generator, repeats: int = 1
    ) -> Any:
        """Inferences of samples that are each seen `repeats` times in a row."""
        chosen = chance.integers(len(data[0]), size=-(-count // repeats)).repeat(repeats)[:count]
        return data[0][chosen], data[1][chosen]

    def _over(self, scores: Any) -> Any:
        limits = np.array([self.reference.input_limit, self.reference.output_limit])
        return (scores > limits) & (limits > 0)

    def false_alarms(self, windows: int, seed: int, repeats: int = 1) -> tuple[int, int, int]:
        """Windows without drift that were alarms: of the input, of the output, in all."""
        chance = np.random.default_rng(seed)
        found = np.zeros(3, np.int64)
        self.device.start()
        for _ in range(windows // 100):
            over = self._over(
                self.device.run(
                    *self._drawn(self.clean, 100 * self.reference.window, chance, repeats)
                )
            )
            found += [*over.sum(axis=0), over.any(axis=1).sum()]
        return int(found[0]), int(found[1]), int(found[2])

    def delay(self, change: Change, boards: int, seed: int) -> Delay:
        """How `boards` notice `change`, which comes in the middle of a window, anywhere in it."""
        chance = np.random.default_rng(seed)
        window = self.reference.window
        changed = self._answers(change(*self.test, chance)[0])
        delays, kinds = [], np.zeros(2, bool)
        for _ in range(boards):
            before = CLEAN_WINDOWS * window + int(chance.integers(window))
            parts = [
                self._drawn(self.clean, before, chance),
                self._drawn(changed, MOST_WINDOWS * window, chance),
            ]
            self.device.start()
            scores = self.device.run(*(np.concatenate(rows) for rows in zip(*parts, strict=True)))
            over = self._over(scores)[CLEAN_WINDOWS:]
            alarms = np.flatnonzero(over.any(axis=1))
            first = int(alarms[0]) if len(alarms) else None
            if first is not None:
                kinds |= over[first]
            ended = (CLEAN_WINDOWS + 1 + (first or 0)) * window - before
            delays.append(np.inf if first is None else ended)
        return Delay(
            noticed=float(np.isfinite(delays).mean()),
            median=float(np.quantile(delays, 0.5, method="higher")),
            slow=float(np.quantile(delays, 0.95, method="higher")),
            input_alarms=bool(kinds[0]),
            output_alarms=bool(kinds[1]),
        )


def table(settings: DriftConfig, boards: int = 400, windows: int = 100_000) -> str:
    """The figures as a table in Markdown."""
    with tempfile.TemporaryDirectory() as place:
        simulation = Simulation(Path(place), settings)
        reference = simulation.reference
        found = simulation.false_alarms(windows, SEED)
        rows = [
            f"window {reference.window}, false_alarm_rate {settings.false_alarm_rate:g}: limits "
            f"{reference.input_limit / 16384:.4f} (input), {reference.output_limit / 16384:.4f} "
            f"(output)",
            "",
            f"without drift: {found[2]} alarms in {windows:,} windows, a share of "
            f"{found[2] / windows:.5f} ({found[0]} of the input, {found[1]} of the output)",
            "",
            "| change | noticed within 12 windows | inferences until half | until 95 % | by |",
            "|---|---|---|---|---|",
        ]
        for name, change in CHANGES.items():
            told = simulation.delay(change, boards, SEED)
            by = ["input"] * told.input_alarms + ["output"] * told.output_alarms
            median, slow = (f"{n:.0f}" if np.isfinite(n) else "-" for n in (told.median, told.slow))
            row = [name, f"{told.noticed:.1%}", median, slow, ", ".join(by)]
            rows.append("| " + " | ".join(row) + " |")
    return "\n".join(rows)


def repeats_table(windows: int = 10_000) -> str:
    """False alarms where boards see each sample so many times in a row, as a table in Markdown."""
    times = (1, 2, 4, 8)
    rows = [
        "| window | repeats | " + " | ".join(f"alarms, {n} in a row" for n in times) + " |",
        "|" + "---|" * (len(times) + 2),
    ]
    for window, repeats in ((64, 1), (256, 1), (64, 4), (256, 4)):
        with tempfile.TemporaryDirectory() as place:
            simulation = Simulation(Path(place), DriftConfig(window=window, repeats=repeats))
            found = [simulation.false_alarms(windows, SEED, n)[2] / windows for n in times]
        shares = " | ".join(f"{share:.4f}" for share in found)
        rows.append(f"| {window} | {repeats} | {shares} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table(DriftConfig()))
    print()
    print(repeats_table())
