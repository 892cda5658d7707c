"""Delay and false alarms of drift detection with the device's C; docs/telemetry.md has more."""

from __future__ import annotations

from pathlib import Path

import pytest
from drift_simulation import CHANGES, Simulation

from tinyflow.config import DriftConfig

SETTINGS = DriftConfig()
WINDOWS = 20_000
BOARDS = 60
# The most inferences that 95 % of the boards may need.
DELAYS = {
    "gain 0.95": 128,
    "gain 0.8": 96,
    "offset of 1/32 of the range": 80,
    "offset of 1/8 of the range": 80,
    "noise, deviation 0.02": 128,
    "noise, deviation 0.2": 96,
    "class 3 is missing": 448,
    "classes 0 to 4 are missing": 160,
    "one of eight columns is stuck": 128,
    "the whole sensor is stuck": 64,
    "the image is upside down": 128,
}


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    return Simulation(tmp_path_factory.mktemp("drift"), SETTINGS)


def test_false_alarms_are_as_rare_as_asked_for(simulation: Simulation) -> None:
    *_, alarms = simulation.false_alarms(WINDOWS, seed=2)
    assert alarms <= SETTINGS.false_alarm_rate * WINDOWS
    device = simulation.device.telemetry.drift
    assert device.windows == WINDOWS and device.alarms <= alarms


def test_inferences_in_a_row_may_be_alike(tmp_path: Path) -> None:
    """Where the project says so; else half of all windows would be alarms."""
    simulation = Simulation(tmp_path, DriftConfig(repeats=4))
    *_, alarms = simulation.false_alarms(5000, seed=4, repeats=4)
    assert alarms <= 0.002 * 5000
    assert simulation.delay(CHANGES["gain 0.8"], BOARDS, seed=5).slow <= 128


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_noticed_in_time(simulation: Simulation, name: str) -> None:
    told = simulation.delay(CHANGES[name], BOARDS, seed=3)
    assert told.noticed == 1
    assert told.slow <= DELAYS[name]
