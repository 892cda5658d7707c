"""Generated projects with a sensor: the chosen driver and nothing else, and C without a warning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fake_board import WARNINGS

from tinyflow import compiler, generate, paths, process, sensors
from tinyflow.artifacts import CompiledModel
from tinyflow.boards import load_board
from tinyflow.config import SensorConfig

TESTS = Path(__file__).parents[1]
MODEL = TESTS / "models" / "digits.tflite"
CONFIGS = {
    "replay": SensorConfig(),
    "mpu6050": SensorConfig(driver="mpu6050", rate_hz=100, pins={"sda": 21, "scl": 22}),
    "inmp441": SensorConfig(
        driver="inmp441", rate_hz=16000, hop=32, pins={"sck": 14, "ws": 15, "sd": 32}
    ),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> CompiledModel:
    """The digits, whose input is 64 values."""
    folder = tmp_path_factory.mktemp("model") / "digits"
    return compiler.compile_model(MODEL, folder=folder)


def write(folder: Path, model: CompiledModel, config: SensorConfig | None) -> Path:
    board = load_board("esp32").for_builder("platformio")
    sensor = sensors.resolve(config, model, board, folder) if config is not None else None
    return generate.write_project(
        folder / "project", model, board, "platformio", sensor=sensor
    ).path


def names(project: Path) -> set[str]:
    return {file.relative_to(project).as_posix() for file in project.rglob("*") if file.is_file()}


def strict_compile(project: Path, *sources: str) -> None:
    """With all warnings, against the stand-ins for ESP-IDF."""
    folders = [TESTS / "firmware" / "espidf_stubs", project / "include"]
    folders += [project / "lib" / part / "include" for part in ("digits", "tnf_runtime")]
    flags = ["-std=c99", *WARNINGS, *(f"-I{folder}" for folder in folders)]
    for source in sources:
        command = ["gcc", *flags, "-c", str(project / source), "-o", str(project / "object.o")]
        process.run(command, timeout=60)


@pytest.mark.parametrize("driver", ["replay", "inmp441"])
def test_the_chosen_driver_is_there_and_compiles(
    driver: str, model: CompiledModel, tmp_path: Path
) -> None:
    project = write(tmp_path, model, CONFIGS[driver])
    place = paths.data_folder("firmware") / "sensor"
    (source,) = place.glob(f"drivers/*/{driver}.c")
    assert (project / "src/sensor.c").read_bytes() == source.read_bytes()
    there = names(project)
    runtime = {f"lib/tnf_runtime/src/{file.name}" for file in place.glob("*.c")}
    assert runtime <= there
    assert {"include/tnf_sensor_config.h", "lib/tnf_runtime/include/tnf_sensor.h"} <= there
    others = {name for name in CONFIGS if name != driver}
    assert not [name for name in there if Path(name).stem in others]
    strict_compile(project, "src/application.c", "src/sensor.c", *sorted(runtime))
    component = (project / "src/CMakeLists.txt").read_text()
    assert '"sensor.c"' in component
    assert ("esp_driver_i2s" in component) == (driver == "inmp441")


def test_a_driver_that_the_model_does_not_fit_is_told(model: CompiledModel, tmp_path: Path) -> None:
    # 64 values are no whole number of samples of three.
    with pytest.raises(Exception, match="window: 21 samples of 3 values are 63, the input"):
        write(tmp_path, model, CONFIGS["mpu6050"])


def test_figures_are_as_the_project_says(model: CompiledModel, tmp_path: Path) -> None:
    header = (
        write(tmp_path, model, CONFIGS["inmp441"]) / "include/tnf_sensor_config.h"
    ).read_text()
    told = dict(re.findall(r"#define TNF_SENSOR_(\w+) (\S+)", header))
    sensor = sensors.resolve(
        CONFIGS["inmp441"], model, load_board("esp32").for_builder("platformio"), None
    )
    assert told["DRIVER"] == '"inmp441"'
    assert (told["WINDOW"], told["HOP"], told["RATE_HZ"]) == ("64u", "32u", "16000u")
    assert (told["PIN_SCK"], told["PIN_WS"], told["PIN_SD"]) == ("14", "15", "32")
    assert told["DEADLINE"] == f"{32 * 240_000_000 // 16000}u"
    assert float(told["SCALE"].rstrip("f")) == 1 / 32768
    factor = int(told["MULTIPLIER"]) / 2 ** int(told["SHIFT"].rstrip("u"))
    assert factor == pytest.approx(sensor.scale / model.input.scale, rel=2**-30)


def test_without_a_sensor_there_is_nothing_of_it(model: CompiledModel, tmp_path: Path) -> None:
    project = write(tmp_path, model, None)
    there = names(project)
    assert not {"src/sensor.c", "include/tnf_sensor_config.h"} & there
    assert not [name for name in there if "sensing" in name or "ring.c" in name]
    text = (project / "src/application.c").read_text()
    assert "sens" not in text
    assert "esp_driver_i2" not in (project / "src/CMakeLists.txt").read_text()
