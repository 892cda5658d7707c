"""One short walk from data to an int8 model, shared by the tests of its stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tinyflow import datasets, progress, pruning, quantization, training
from tinyflow.artifacts import Dataset, KerasModel, TfliteModel
from tinyflow.config import DatasetConfig, PruningConfig, QuantizationConfig, TrainingConfig


@dataclass
class Digits:
    """What the stages make of the digits in very few epochs, and what they reported."""

    folder: Path
    dataset: Dataset
    steps: list[progress.Step] = field(default_factory=list)
    trained: KerasModel = field(init=False)
    pruned: KerasModel = field(init=False)
    tflite: TfliteModel = field(init=False)

    def place(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        return folder


TRAINING = TrainingConfig(epochs=3, learning_rate=0.01)
PRUNING = PruningConfig("channels", amount=0.5, epochs=1)


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    folder = tmp_path_factory.mktemp("digits")
    walk = Digits(folder, datasets.load(DatasetConfig("digits"), 1, folder, folder))
    with progress.listening(walk.steps.append):
        walk.trained = training.fit(TRAINING, walk.dataset, 1, folder, walk.place("trained"))
        walk.pruned = pruning.prune(PRUNING, walk.trained, walk.dataset, 1, walk.place("pruned"))
        quantized = QuantizationConfig(representative_samples=50)
        walk.tflite = quantization.quantize(
            quantized, walk.pruned, walk.dataset, 1, walk.place("tflite")
        )
    return walk


@pytest.fixture
def write_project(tmp_path: Path) -> Callable[[str], Path]:
    """A project's folder with the given text as model.py."""

    def write(text: str) -> Path:
        (tmp_path / "model.py").write_text(text, encoding="utf-8")
        return tmp_path

    return write
