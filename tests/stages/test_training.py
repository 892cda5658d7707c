"""The training stage: the built-in model, a project's own, reproducibility, errors."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinyflow import cache, datasets, training
from tinyflow.artifacts import Dataset
from tinyflow.config import DatasetConfig, TrainingConfig
from tinyflow.errors import ProjectError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras

pytestmark = pytest.mark.slow


def test_the_artifact_of_a_training(digits: Any) -> None:
    trained = digits.trained
    assert zipfile.is_zipfile(trained.path)
    assert trained.validation_accuracy > 0.5
    assert trained.zero_fraction == 0.0
    assert set(trained.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert all(len(values) == 3 for values in trained.history.values())
    assert trained.history["loss"][-1] < trained.history["loss"][0]
    best = int(np.argmin(trained.history["val_loss"]))
    assert trained.validation_accuracy == pytest.approx(trained.history["val_accuracy"][best])
    assert any("cores" in note and "oneDNN off" in note for note in trained.notes)
    told = [step for step in digits.steps if step.stage == "training"]
    assert [(step.done, step.total) for step in told] == [(1, 3), (2, 3), (3, 3)]


def test_an_artifact_survives_the_cache(digits: Any, tmp_path: Path) -> None:
    kept = cache.Cache(tmp_path).get("x", type(digits.trained), {}, lambda _: digits.trained)
    assert kept == digits.trained


@pytest.fixture
def tiny(tmp_path: Path) -> Dataset:
    random = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = random.normal(size=(60, 5)) + 4.0 * np.eye(5)[y]
    np.savez(tmp_path / "data.npz", x=x, y=y)
    return datasets.load(DatasetConfig("data.npz"), 1, tmp_path, tmp_path)


def fit(config: TrainingConfig, dataset: Dataset, project: Path, name: str, seed: int = 1) -> Any:
    folder = project / name
    folder.mkdir()
    return training.fit(config, dataset, seed, project, folder)


def test_the_same_seed_gives_the_same_weights(tiny: Dataset, tmp_path: Path) -> None:
    config = TrainingConfig(epochs=2)
    first, again = (fit(config, tiny, tmp_path, name) for name in ("a", "b"))
    assert first.sha256 == again.sha256
    assert first.history == again.history


OWN = """
import keras

def logits(input_shape, classes):
    print("noise")
    return keras.Sequential([keras.Input(input_shape), keras.layers.Dense(classes)])

def text(input_shape, classes):
    return "no model"
"""


def test_a_projects_own_model(
    tiny: Dataset,
    write_project: Callable[[str], Path],
    capfd: pytest.CaptureFixture[str],
) -> None:
    project = write_project(OWN)
    config = TrainingConfig("model.py:logits", epochs=30, learning_rate=0.1)
    trained = fit(config, tiny, project, "own")
    assert trained.parameters == 5 * 3 + 3
    assert trained.history["loss"][-1] < 0.5 * trained.history["loss"][0]
    assert capfd.readouterr() == ("", "")


def test_a_function_that_returns_no_model(
    tiny: Dataset, write_project: Callable[[str], Path]
) -> None:
    with pytest.raises(ProjectError, match="must return a Keras model, returned str"):
        fit(TrainingConfig("model.py:text"), tiny, write_project(OWN), "own")


class Own(keras.layers.Layer):  # type: ignore[misc]
    """A layer of a project's own, which the stages to come cannot load."""

    def call(self, x: Any) -> Any:
        return x


def two_inputs() -> Any:
    images = [keras.Input((5,)), keras.Input((5,))]
    return keras.Model(images, keras.layers.Dense(3)(keras.layers.Add()(images)))


@pytest.mark.parametrize(
    ("build", "findings"),
    [
        (
            lambda: keras.Sequential([keras.Input((7,)), keras.layers.Dense(9)]),
            [
                "inputs must be one of (5,), found (7,)",
                "outputs must be one of (3,), found (9,)",
            ],
        ),
        (two_inputs, ["inputs must be one of (5,), found (5,), (5,)"]),
        (
            lambda: keras.Sequential([keras.layers.Dense(3)]),
            ["it has no input shape; begin it with keras.Input(input_shape)"],
        ),
        (
            lambda: keras.Sequential([keras.Input((5,)), Own(name="mine"), keras.layers.Dense(3)]),
            ["layers must be Keras's own, found mine (Own)"],
        ),
    ],
)
def test_a_model_that_does_not_fit_the_data(build: Callable[[], Any], findings: list[str]) -> None:
    with pytest.raises(ProjectError) as caught:
        training._check_model("model.py:build", build(), (5,), 3)
    assert caught.value.what == "the model of model.py:build cannot be trained"
    assert list(caught.value.detail) == findings


@pytest.mark.parametrize("shape", [(8, 8, 1), (49, 10), (96, 96, 3), (1, 1, 1), (3, 40, 2), (12,)])
def test_the_built_in_model_fits_any_shape(shape: tuple[int, ...]) -> None:
    model = training.MODELS["ds_cnn"](shape, 4)
    assert model.input_shape == (None, *shape)
    assert model.output_shape == (None, 4)
    assert model.count_params() < 40_000


def test_an_unknown_model(tiny: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="did you mean ds_cnn"):
        fit(TrainingConfig("ds_cn"), tiny, tmp_path, "x")


def test_a_loss_that_diverges(tiny: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="the loss is not finite in epoch"):
        fit(TrainingConfig(epochs=50, learning_rate=1e30), tiny, tmp_path, "x")
