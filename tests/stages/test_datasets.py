"""The data set stage: sources, checks, splits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinyflow import datasets
from tinyflow.artifacts import Dataset
from tinyflow.config import DatasetConfig
from tinyflow.errors import ProjectError


def write_npz(folder: Path, **arrays: object) -> DatasetConfig:
    np.savez(folder / "data.npz", **arrays)  # type: ignore[arg-type]
    return DatasetConfig("data.npz")


def load(config: DatasetConfig, folder: Path, seed: int = 1) -> Dataset:
    out = folder / f"out{seed}"
    out.mkdir(exist_ok=True)
    return datasets.load(config, seed, folder, out)


def small(samples: int = 30, classes: int = 3) -> dict[str, object]:
    y = np.arange(samples) % classes
    return {"x": np.arange(samples * 4, dtype=np.float64).reshape(samples, 4), "y": y}


def test_digits_are_scaled_and_complete(tmp_path: Path) -> None:
    dataset = load(DatasetConfig("digits"), tmp_path)
    assert dataset.name == "digits"
    assert dataset.input_shape == (8, 8, 1)
    assert dataset.labels == tuple("0123456789")
    assert [split.name for split in dataset.splits] == ["train", "validation", "test"]
    assert sum(split.samples for split in dataset.splits) == 1797
    features, classes = dataset.read("train")
    assert features.dtype == np.float32 and classes.dtype == np.int64
    assert features.shape[1:] == (8, 8, 1)
    assert features.min() == 0.0 and features.max() == 1.0


def test_same_seed_same_bytes_and_another_seed_another_split(tmp_path: Path) -> None:
    config = write_npz(tmp_path, **small())
    again = tmp_path / "again"
    again.mkdir()
    first, second = load(config, tmp_path), datasets.load(config, 1, tmp_path, again)
    assert first.sha256 == second.sha256
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.splits == second.splits
    other = load(config, tmp_path, seed=2)
    assert other.splits[0].sha256 != first.splits[0].sha256


def test_a_hash_is_of_features_and_labels(tmp_path: Path) -> None:
    arrays = small()
    before = load(write_npz(tmp_path, **arrays), tmp_path)
    changed = np.array(arrays["x"])
    changed[0, 0] += 1
    after = load(write_npz(tmp_path, x=changed, y=arrays["y"]), tmp_path)
    differing = [a.name for a, b in zip(before.splits, after.splits, strict=True) if a != b]
    assert len(differing) == 1
    assert before.sha256 != after.sha256


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    counts=st.lists(st.integers(3, 40), min_size=2, max_size=6),
    validation=st.floats(0.05, 0.45),
    test=st.floats(0.05, 0.45),
    seed=st.integers(0, 2**31 - 1),
)
def test_splits_are_a_stratified_partition(
    tmp_path: Path, counts: list[int], validation: float, test: float, seed: int
) -> None:
    y = np.repeat(np.arange(len(counts)), counts)
    x = np.arange(len(y), dtype=np.float32)[:, np.newaxis]
    np.savez(tmp_path / "data.npz", x=x, y=y)
    config = DatasetConfig("data.npz", validation=validation, test=test)
    dataset = datasets.load(config, seed, tmp_path, tmp_path)
    parts = {split.name: dataset.read(split.name) for split in dataset.splits}
    everything = np.concatenate([features.ravel() for features, _ in parts.values()])
    assert sorted(everything.tolist()) == x.ravel().tolist()
    for name, (features, classes) in parts.items():
        assert (y[features.ravel().astype(int)] == classes).all()
        found = np.bincount(classes, minlength=len(counts))
        assert found.min() >= 1
        if name != "train":
            wanted = np.array(counts) * (validation if name == "validation" else test)
            assert (np.abs(found - wanted) <= 2).all()


def test_classes_that_are_not_from_zero_on_become_so(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((12, 2))
    dataset = load(write_npz(tmp_path, x=x, y=np.array([7, -2, 30] * 4)), tmp_path)
    assert dataset.labels == ("-2", "7", "30")
    assert set(dataset.read("train")[1].tolist()) == {0, 1, 2}


def test_labels_come_from_the_project_then_the_file(tmp_path: Path) -> None:
    arrays = small()
    config = write_npz(tmp_path, **arrays, labels=np.array(["a", "b", "c"]))
    assert load(config, tmp_path).labels == ("a", "b", "c")
    named = DatasetConfig("data.npz", labels=("x", "y", "z"))
    assert load(named, tmp_path).labels == ("x", "y", "z")


def test_a_projects_own_function(tmp_path: Path) -> None:
    (tmp_path / "numbers_here.py").write_text("COUNT = 24\n")
    (tmp_path / "own.py").write_text(
        "import numpy as np\n"
        "from numbers_here import COUNT\n"
        "print('noise on stdout')\n"
        "def data():\n"
        "    open('was_here.txt', 'w').close()\n"
        "    return np.ones((COUNT, 3)), np.arange(COUNT) % 2\n"
    )
    dataset = load(DatasetConfig("own.py:data"), tmp_path)
    assert dataset.name == "own"
    assert sum(split.samples for split in dataset.splits) == 24
    assert (tmp_path / "was_here.txt").exists()
    assert [path.name for path in dataset.path.parent.iterdir()] == ["dataset.npz"]


@pytest.mark.parametrize(
    ("text", "what", "detail"),
    [
        ("def data():\n    return 1\n", "own.py:data must return (x, y), returned int", ""),
        ("def dat():\n    return 1\n", "has no function data, did you mean dat?", ""),
        (
            "def data():\n    raise KeyError('abc')\n",
            "own.py:data raised KeyError: 'abc'",
            "own.py:2: raise KeyError('abc')",
        ),
        ("def data(:\n", "own.py:data raised SyntaxError", "own.py:1: def data(:"),
        ("def data():\n    return [[1], [1, 2]], [1]\n", "own.py:data: x is not an array: ", ""),
    ],
)
def test_a_projects_own_function_that_is_wrong(
    tmp_path: Path, text: str, what: str, detail: str
) -> None:
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(ProjectError) as caught:
        load(DatasetConfig("own.py:data"), tmp_path)
    assert what in caught.value.what
    assert detail in "\n".join(caught.value.detail)


def bad(**changes: object) -> dict[str, object]:
    return {**small(), **changes}


@pytest.mark.parametrize(
    ("arrays", "finding"),
    [
        (
            bad(x=np.array([[1.0], [np.nan], [np.inf]] * 10)),
            "not finite in float32 in 20 samples: 1, 2",
        ),
        (bad(x=np.full((30, 1), 1e300)), "not finite in float32 in 30 samples"),
        (bad(x=np.array([["a"]] * 30)), "x must be numbers, found dtype <U1"),
        (bad(x=np.zeros(30)), "x must be [samples, ...] with 1 to 3 more axes, found (30,)"),
        (bad(x=np.zeros((30, 0))), "found (30, 0)"),
        (bad(x=np.zeros((30, 1, 1, 1, 1))), "found (30, 1, 1, 1, 1)"),
        (bad(y=np.zeros(30)), "y must be whole numbers, found dtype float64"),
        (bad(y=np.zeros((30, 2), int)), "y must be [samples], found (30, 2)"),
        (bad(y=np.zeros(29, int)), "x has 30 samples, y has 29"),
        (bad(y=np.zeros(30, int)), "it has one class only: 0"),
        (bad(y=np.arange(30) // 28), "one for each split: 1 has 2"),
        (bad(labels=np.array(["a", "b"])), "y has 2, labels name 0 .. 1"),
        (bad(labels=np.array(["a", "b", "c", "d"])), "one for each split: d has 0"),
        (bad(labels=np.array(["a", "b", "b"])), "labels are not distinct: a, b, b"),
    ],
)
def test_what_is_wrong_with_the_data_is_said(
    tmp_path: Path, arrays: dict[str, object], finding: str
) -> None:
    with pytest.raises(ProjectError) as caught:
        load(write_npz(tmp_path, **arrays), tmp_path)
    assert caught.value.what == "data set data.npz cannot be used"
    assert finding in "\n".join(caught.value.detail)


def test_all_findings_at_once(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        load(write_npz(tmp_path, x=np.zeros((4,)), y=np.zeros(3)), tmp_path)
    assert len(caught.value.detail) == 3


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "data.npz is not an .npz of plain arrays"),
        (b"PK\x03\x04 and no more", "data.npz is not an .npz of plain arrays"),
        (None, "there is no file"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: bytes | None, what: str) -> None:
    if content is not None:
        (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(ProjectError, match=what):
        load(DatasetConfig("data.npz"), tmp_path)


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    config = write_npz(tmp_path, x=np.array([{}, []], dtype=object), y=np.arange(2))
    with pytest.raises(ProjectError, match=r"not an \.npz of plain arrays"):
        load(config, tmp_path)


def test_a_single_array_and_missing_arrays(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="has no array x and no y"):
        load(write_npz(tmp_path, a=np.zeros(3)), tmp_path)
    with (tmp_path / "data.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ProjectError, match=r"not an \.npz of plain arrays"):
        load(DatasetConfig("data.npz"), tmp_path)


def test_an_unknown_source(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="did you mean digits"):
        load(DatasetConfig("digit"), tmp_path)
    with pytest.raises(ProjectError, match="there is no file"):
        load(DatasetConfig("own.py:data"), tmp_path)
