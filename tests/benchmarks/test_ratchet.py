"""What is measured is what results.json says: a slower or fatter change is seen in review."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parents[2]


def _benchmarks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmarks_run", HERE / "benchmarks" / "run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


bench = _benchmarks()
REFERENCE_MODELS = [name for name in bench.MODELS if name != "digits"]


def combinations() -> list[tuple[str, str, str]]:
    """Every core with the example and one further model; every model and goal on some core."""
    found = []
    for number, core in enumerate(bench.CORES):
        found.append((core, "digits", bench.GOALS[number % len(bench.GOALS)]))
        model = REFERENCE_MODELS[number % len(REFERENCE_MODELS)]
        found.append((core, model, bench.GOALS[number // 3 % len(bench.GOALS)]))
    return found


@pytest.mark.parametrize(("core", "model", "goal"), combinations())
def test_it_is_as_it_was(core: str, model: str, goal: str, tmp_path: Path) -> None:
    if not bench.MODELS[model].is_file():
        pytest.skip(f"{bench.MODELS[model]} is not there")
    found = {(core, model, goal): bench.run_one(core, model, goal, tmp_path)}
    changes = bench.changed(bench.read_results(), found)
    assert changes == [], "python benchmarks/run.py --update, and say in the commit why"


def test_all_that_can_be_measured_was() -> None:
    wanted = {(c, m, g) for c in bench.CORES for m in bench.MODELS for g in bench.GOALS}
    assert bench.read_results().keys() == wanted


def test_a_worse_figure_is_told() -> None:
    key = ("m4", "digits", "balanced")
    before = {key: bench.Result(1000, 200, 100, 30, 4)}
    now = {key: bench.Result(1100, 190, 100, 30, 4)}
    assert bench.changed(before, now) == [
        "worse  m4 digits balanced instructions: 1,000 -> 1,100 (+10.0%)",
        "better m4 digits balanced flash_bytes: 200 -> 190 (-5.0%)",
    ]


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    found = {("lx6", "ad", "size"): bench.Result(1, 2, 3, 4, 5)}
    bench.write_results(found, tmp_path / "results.json")
    assert bench.read_results(tmp_path / "results.json") == found
