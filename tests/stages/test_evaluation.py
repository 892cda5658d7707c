"""Evaluation with predictors whose answers are known, byte comparison, the budget."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tinyflow import datasets, evaluation, progress
from tinyflow.artifacts import Dataset
from tinyflow.config import BudgetConfig, DatasetConfig
from tinyflow.errors import ModelError

if TYPE_CHECKING:
    from tinyflow.artifacts import Floats


@dataclass(frozen=True)
class Known:
    """Scores read off the features: feature 0 is the class to answer."""

    where: str = "host"
    width: int = 3

    def predict(self, features: Floats) -> Floats:
        scores = np.zeros((len(features), self.width), np.float32)
        scores[np.arange(len(features)), features[:, 0].astype(int)] = 1.0
        return scores


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """60 samples of 3 classes; each tenth of a class answers the next class."""
    y = np.repeat(np.arange(3), 20)
    x = np.stack([y, np.arange(60)], axis=1)
    x[::10, 0] = (x[::10, 0] + 1) % 3
    np.savez(tmp_path / "data.npz", x=x, y=y)
    return datasets.load(DatasetConfig("data.npz", test=0.5), 1, tmp_path, tmp_path)


def test_confusion_and_accuracy(dataset: Dataset) -> None:
    features, classes = dataset.read("test")
    wanted = np.zeros((3, 3), int)
    for feature, true in zip(features, classes, strict=True):
        wanted[true, int(feature[0])] += 1
    found = evaluation.evaluate(Known(), dataset)
    assert np.array_equal(found.confusion, wanted)
    assert wanted.sum() == found.samples == 30
    assert found.accuracy == np.trace(wanted) / 30
    assert 0.8 < found.accuracy < 1.0
    assert (found.where, found.split) == ("host", "test")


def test_all_splits_and_the_hash_of_the_scores(dataset: Dataset) -> None:
    train = evaluation.evaluate(Known(), dataset, "train")
    assert train.samples == dataset.splits[0].samples
    again = evaluation.evaluate(Known("device"), dataset, "train")
    assert again.scores_sha256 == train.scores_sha256
    assert evaluation.evaluate(Known(), dataset).scores_sha256 != train.scores_sha256


def test_the_first_of_equal_scores_wins(dataset: Dataset) -> None:
    @dataclass(frozen=True)
    class Even:
        where: str = "host"

        def predict(self, features: Floats) -> Floats:
            return np.full((len(features), 3), 0.25, np.float32)

    found = evaluation.evaluate(Even(), dataset)
    assert [sum(row) for row in zip(*found.confusion, strict=True)] == [30, 0, 0]


def test_progress_tells_the_accuracy(dataset: Dataset) -> None:
    steps: list[progress.Step] = []
    with progress.listening(steps.append):
        found = evaluation.evaluate(Known(), dataset)
    assert (steps[-1].done, steps[-1].total) == (30, 30)
    assert f"accuracy {found.accuracy:.4f}" in steps[-1].message


def test_scores_of_another_shape(dataset: Dataset) -> None:
    with pytest.raises(ValueError, match=r"\(30, 4\), not \(30, 3\)"):
        evaluation.evaluate(Known(width=4), dataset)


def test_compare_counts_bytes() -> None:
    host = np.array([[1, 2], [3, -4]], np.int8)
    device = np.array([[1, 3], [3, 4]], np.int8)
    assert evaluation.compare(host, host) == 0
    assert evaluation.compare(host, device) == 2
    with pytest.raises(ValueError, match="differ"):
        evaluation.compare(host, device[:1])


def test_a_budget_that_is_kept() -> None:
    budget = BudgetConfig(flash_bytes=100, accuracy=0.9)
    assert evaluation.check_budget(budget, {"flash_bytes": 100, "accuracy": 0.9}) == ()
    assert evaluation.check_budget(BudgetConfig(), {"flash_bytes": 1e9, "accuracy": 0.0}) == ()


def test_every_figure_outside_the_budget_is_told() -> None:
    budget = BudgetConfig(
        flash_bytes=65536, ram_bytes=100, latency_us=12.5, count_per_inference=7, accuracy=0.97
    )
    figures = {
        "flash_bytes": 70000,
        "ram_bytes": 100,
        "latency_us": 12.75,
        "count_per_inference": 8,
        "accuracy": 0.9688,
    }
    with pytest.raises(ModelError) as caught:
        evaluation.check_budget(budget, figures)
    assert caught.value.what == "[budget] is not kept, 4 figures are outside"
    assert caught.value.detail == (
        "flash_bytes: 70000 B, at most 65536 B",
        "latency_us: 12.75 us, at most 12.5 us",
        "count_per_inference: 8, at most 7",
        "accuracy: 0.9688, at least 0.9700",
    )


def test_limits_without_a_figure_are_named() -> None:
    budget = BudgetConfig(latency_us=5.0, accuracy=0.5)
    assert evaluation.check_budget(budget, {"latency_us": None}) == ("latency_us", "accuracy")
