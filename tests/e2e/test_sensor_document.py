"""The drivers of docs/sensors.md: they compile, and the first runs on a board."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest
from fake_board import WARNINGS

from tinyflow import paths, pipeline, process
from tinyflow.pipeline.board import connected

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "tests" / "models" / "digits.tflite"
PAGE = (ROOT / "docs" / "sensors.md").read_text(encoding="utf-8")
RAMP, INTERRUPT = re.findall(r"```c\n(.*?)```", PAGE, re.DOTALL)
SECONDS = 20.0  # until three windows have come, which is a tenth of a second's work


@pytest.mark.parametrize("text", [RAMP, INTERRUPT], ids=["ramp", "interrupt"])
def test_the_drivers_compile_without_a_warning(text: str, tmp_path: Path) -> None:
    source = tmp_path / "sensor.c"
    source.write_text(text)
    (tmp_path / "tnf_sensor_config.h").write_text("#define TNF_SENSOR_RATE_HZ 1000u\n")
    include = paths.data_folder("firmware") / "include"
    command = ["gcc", "-std=c99", *WARNINGS, f"-I{include}", f"-I{tmp_path}", "-c", str(source)]
    process.run([*command, "-o", str(tmp_path / "sensor.o")], timeout=60)


def test_the_first_one_runs(tmp_path: Path) -> None:
    (tmp_path / "ramp.c").write_text(RAMP)
    (tmp_path / "tinyflow.toml").write_text(
        'name = "demo"\nboard = "native"\n[dataset]\nsource = "digits"\n'
        '[sensor]\ndriver = "ramp.c"\nrate_hz = 1000\nformat = "int16"\nhop = 16\n'
    )
    walk = pipeline.start(model=DIGITS, folder=tmp_path)
    with connected(walk, None) as dut:
        end = time.monotonic() + SECONDS
        while (state := dut.sensor()).windows < 3 and time.monotonic() < end:
            dut.poll(0.01)
        assert (state.driver, state.status) == ("ramp.c", "")
        assert state.windows >= 3
        assert sum(dut.telemetry().class_counts) >= 3
        # The sensor rests while samples are replayed in its place, and goes on afterwards.
        replayed = list(dut.replay([np.zeros(80, np.int16).tobytes()]))
        assert len(replayed) == 2
        while (state := dut.sensor()).windows < 1 and time.monotonic() < end:
            dut.poll(0.01)
        assert state.windows >= 1
