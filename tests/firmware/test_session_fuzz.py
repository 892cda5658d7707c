"""The device's side of the protocol, sensing and capture included, under all that may come in."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_board import SANITIZE, SENSOR_INCLUDE, SUPPORT, compile_c, sensor_sources

from tinyflow import process


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_that_comes_in_does_harm(tmp_path: Path, seed: int) -> None:
    sources = [SUPPORT / "fake_model.c", SUPPORT / "memory_port.c"]
    fuzz = Path(__file__).with_name("fuzz_session.c")
    sources += sensor_sources()
    program = compile_c(tmp_path / "fuzz", [*sources, fuzz], [*SANITIZE, SENSOR_INCLUDE])
    done = process.run([str(program), str(seed), "20000"], timeout=120)
    assert done.stdout.startswith("20000 rounds")
    assert int(done.stdout.split()[-2]) > 20, done.stdout  # raw samples, where they are allowed
