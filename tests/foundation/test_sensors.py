"""[sensor] made complete for a model and a board; what does not fit is told at once."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyflow.artifacts import CompiledModel, TensorSpec
from tinyflow.boards import BoardProfile, load_board
from tinyflow.config import SensorConfig, load_project
from tinyflow.errors import ProjectError
from tinyflow.sensors import DRIVERS, Sensor, _fixed, resolve

SDA_SCL = {"sda": 21, "scl": 22}


def model(shape: tuple[int, ...] = (1, 128, 3), scale: float = 1 / 64) -> CompiledModel:
    spec = TensorSpec("input", shape, scale, -3)
    return CompiledModel(
        name="demo",
        path=Path(),
        model=Path(),
        model_sha256="",
        backend="ref",
        **dict.fromkeys(("sources", "headers", "host_sources", "layers"), ()),
        **dict.fromkeys(("arena_bytes", "activation_bytes", "state_bytes"), 0),
        **dict.fromkeys(("scratch_bytes", "weights_bytes", "macs"), 0),
        inputs=(spec,),
        outputs=(spec,),
        operators={},
    )


def esp32() -> BoardProfile:
    return load_board("esp32").for_builder("platformio")


def settle(config: SensorConfig, **changes: object) -> Sensor:
    board = changes.pop("board", None) or load_board("native")
    folder = changes.pop("folder", None)
    return resolve(config, model(**changes), board, folder)  # type: ignore[arg-type]


def test_defaults_are_windows_of_the_input_in_its_own_quantisation() -> None:
    sensor = settle(SensorConfig(channels=3))
    assert (sensor.driver, sensor.value_bytes) == ("replay", 1)
    assert (sensor.window, sensor.hop, sensor.channels) == (128, 128, 3)
    assert sensor.scale == 1 / 64
    assert sensor.deadline == 0
    assert sensor.source.is_file()


def test_a_driver_brings_what_its_samples_are() -> None:
    config = SensorConfig(driver="mpu6050", rate_hz=100, hop=32, pins=SDA_SCL)
    sensor = settle(config, board=esp32())
    assert (sensor.channels, sensor.value_bytes, sensor.scale) == (3, 2, 1 / 16384)
    assert sensor.multiplier / 2**sensor.shift == 64 / 16384
    assert sensor.deadline == 32 * 240_000_000 // 100
    assert sensor.components == ("esp_driver_i2c",)
    in_metres = SensorConfig(driver="mpu6050", rate_hz=100, scale=9.80665 / 16384, pins=SDA_SCL)
    assert settle(in_metres, board=esp32()).scale == 9.80665 / 16384


@pytest.mark.parametrize(
    ("config", "board", "findings"),
    [
        (SensorConfig(channels=5), "native", ["window: 76 samples of 5 values are 380"]),
        (SensorConfig(channels=3, window=64), "native", ["window: 64 samples", "has 384"]),
        (SensorConfig(channels=3, hop=129), "native", ["hop: must be 1 to the window's 128"]),
        (SensorConfig(format="int16", scale=1e9), "native", ["scale: 1e+09 is"]),
        (SensorConfig(format="int16", scale=1e-15), "native", ["scale: 1e-15 is"]),
        (SensorConfig(pins={"sda": 1}), "native", ["pins: replay needs none, found sda"]),
        (
            SensorConfig(driver="mpu6050", rate_hz=300, channels=6, format="int8"),
            "native",
            [
                "driver: mpu6050 needs port layer espidf, board native built with cmake",
                "channels: mpu6050 has 3, found 6",
                "format: mpu6050 gives int16, found 'int8'",
                "rate_hz: mpu6050 does 4, 5, 8, 10, ",
                "pins: mpu6050 needs scl, sda, found none",
            ],
        ),
        (
            SensorConfig(driver="inmp441", rate_hz=96000, pins={"sck": 1, "ws": 2, "sd": 3}),
            "esp32",
            ["rate_hz: inmp441 does 8000 to 48000 Hz, found 96000"],
        ),
        (SensorConfig(driver="replya"), "native", ["did you mean replay?", "known: replay, "]),
        (SensorConfig(driver="my.c"), "native", ["driver my.c is not a file"]),
    ],
)
def test_all_that_does_not_fit_is_told(
    config: SensorConfig, board: str, findings: list[str], tmp_path: Path
) -> None:
    profile = esp32() if board == "esp32" else load_board(board)
    with pytest.raises(ProjectError) as caught:
        settle(config, board=profile, folder=tmp_path)
    for finding in findings:
        assert finding in str(caught.value)


def test_an_own_driver_may_have_windows_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "my.c").write_text("/* mine */\n")
    config = SensorConfig(driver="my.c", window=1000, hop=500, format="int16", pins={"led": 2})
    sensor = settle(config, folder=tmp_path)
    assert (sensor.window, sensor.hop, sensor.pins) == (1000, 500, {"led": 2})
    before = sensor.as_key()
    assert str(tmp_path) not in repr(before)
    (tmp_path / "my.c").write_text("/* mine, changed */\n")
    assert settle(config, folder=tmp_path).as_key() != before


@given(st.floats(2.0**-30, 2.0**14))
def test_the_factor_is_as_near_as_31_bits_are(ratio: float) -> None:
    multiplier, shift = _fixed(ratio)
    assert 1 << 30 <= multiplier < 1 << 31
    assert 16 <= shift <= 62
    assert math.isclose(multiplier / 2.0**shift, ratio, rel_tol=2.0**-31)


def test_every_driver_is_there() -> None:
    assert set(DRIVERS) == {"replay", "mpu6050", "inmp441"}
    for driver in DRIVERS:
        pins = dict.fromkeys(DRIVERS[driver].pins, 1)
        rate = {"mpu6050": 100, "inmp441": 16000}.get(driver, 0)
        config = SensorConfig(driver=driver, rate_hz=rate, pins=pins)
        sensor = settle(config, board=esp32(), shape=(1, 384))
        assert "tnf_sensor_t tnf_sensor = {" in sensor.source.read_text()


def test_the_project_file_is_strict(tmp_path: Path) -> None:
    head = 'name = "demo"\n[dataset]\nsource = "digits"\n'
    file = tmp_path / "tinyflow.toml"
    file.write_text(head)
    assert load_project(tmp_path).config.sensor is None
    file.write_text(head + "[sensor]\n")
    assert load_project(tmp_path).config.sensor == SensorConfig()
    file.write_text(
        head + '[sensor]\nhopp = 3\nrate_hz = -1\nformat = "int32"\npins = {sda = "x"}\n'
    )
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path)
    for finding in ("sensor.hopp: unknown key", "sensor.rate_hz", "sensor.format", "pins.sda"):
        assert finding in str(caught.value)
