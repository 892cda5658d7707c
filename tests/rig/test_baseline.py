"""Figures against those of earlier runs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinyflow.errors import ProjectError
from tinyflow.rig import Baseline, Figure, load_baseline, save_baseline
from tinyflow.rig.baseline import Better


def kept(folder: Path, *figures: Figure) -> Baseline:
    path = folder / "baseline.json"
    save_baseline(path, load_baseline(path).merged(figures))
    return load_baseline(path)


def figure(value: float, better: Better = "less", tolerance: float = 0.0) -> Figure:
    return Figure("t.py::t", "qemu-m4", "latency", value, "instructions", better, tolerance)


@pytest.mark.parametrize(
    ("old", "new", "better", "tolerance", "kind"),
    [
        (100, 100, "less", 0.0, "same"),
        (100, 99, "less", 0.0, "better"),
        (100, 101, "less", 0.0, "worse"),
        (100, 105, "less", 0.05, "same"),
        (100, 106, "less", 0.05, "worse"),
        (0.9, 0.91, "more", 0.0, "better"),
        (0.9, 0.89, "more", 0.0, "worse"),
        (0.9, 0.86, "more", 0.05, "same"),
        (100, 99, "same", 0.0, "worse"),
        (100, 99, "same", 0.02, "same"),
        (-10, -11, "less", 0.0, "better"),
        (-10, -9, "less", 0.2, "same"),
        (0, 1, "less", 0.5, "worse"),
    ],
)
def test_what_is_worse(
    tmp_path: Path, old: float, new: float, better: Better, tolerance: float, kind: str
) -> None:
    baseline = kept(tmp_path, figure(old))
    assert baseline.judge(figure(new, better, tolerance)).kind == kind


def test_a_verdict_says_old_new_and_limit(tmp_path: Path) -> None:
    verdict = kept(tmp_path, figure(1000)).judge(figure(1060, tolerance=0.05))
    assert str(verdict) == (
        "latency on qemu-m4: 1060 instructions, the baseline is 1000, the limit 1050"
    )
    assert str(Baseline({}).judge(figure(3))) == ("latency on qemu-m4: 3 instructions, no baseline")


def test_the_file_is_merged_and_the_same_whatever_the_order(tmp_path: Path) -> None:
    other = Figure("t.py::u", "native", "accuracy", 0.5, better="more")
    twin = figure(120)  # of a second board of this kind
    first = Baseline({}).merged([figure(100), other, twin])
    assert first == Baseline({}).merged([twin, other, figure(100)])
    path = tmp_path / "baseline.json"
    save_baseline(path, first)
    data = json.loads(first)
    assert data["tests"]["t.py::t"]["qemu-m4"]["latency"]["value"] == 120
    data["tests"]["t.py::t"]["qemu-m4"]["latency"]["tolerance"] = 0.5
    path.write_text(json.dumps(data))
    baseline = load_baseline(path)
    assert baseline.judge(figure(180)).kind == "same", "the file's tolerance holds"
    again = json.loads(baseline.merged([figure(110)]))
    assert again["tests"]["t.py::t"]["qemu-m4"]["latency"] == {
        "value": 110,
        "unit": "instructions",
        "tolerance": 0.5,
    }
    assert again["tests"]["t.py::u"] == data["tests"]["t.py::u"], "what did not run stays"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "is not valid JSON"),
        ("[" * 100000, "is not valid JSON"),
        ("{}", "is not a baseline of version 1"),
        ('{"version": 1, "tests": []}', "an object is needed, found list"),
        ('{"version": 1, "tests": {"t": {"b": {"f": {"value": "1"}}}}}', "t / b / f: "),
        ('{"version": 1, "tests": {"t": {"b": {"f": {"value": NaN}}}}}', "t / b / f: "),
        (
            '{"version": 1, "tests": {"t": {"b": {"f": {"value": 1' + "0" * 400 + "}}}}}",
            "t / b / f: ",
        ),
        ('{"version": 1, "tests": {"t": 1}}', "has a figure to fix"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(ProjectError) as caught:
        load_baseline(path)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("value", "better", "tolerance", "said"),
    [
        (float("nan"), "less", 0.0, "not a finite number"),
        ("12", "less", 0.0, "'12', not a finite number"),
        (True, "less", 0.0, "True, not a finite number"),
        (1.0, "lower", 0.0, "better is less, more, same, found 'lower'"),
        (1.0, "less", -0.1, "a tolerance is a share from 0"),
        (1.0, "less", float("inf"), "a tolerance is a share from 0"),
    ],
)
def test_a_figure_that_is_none_is_refused(
    value: Any, better: Better, tolerance: float, said: str
) -> None:
    with pytest.raises(ProjectError, match=said):
        figure(value, better, tolerance)


@pytest.mark.parametrize("value", [np.int64(7), np.float32(7.0), np.float64(7.0), 7.0])
def test_numbers_of_numpy_become_pythons(tmp_path: Path, value: float) -> None:
    """Workers send them to one another, and JSON takes no others."""
    given = figure(value, tolerance=np.float64(0.5)).as_json()
    assert type(given["value"]) is int and type(given["tolerance"]) is float
    assert kept(tmp_path, figure(value)).judge(figure(7)).kind == "same"
