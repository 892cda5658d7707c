"""Projects for upstream platforms: accepted by PlatformIO, built where a stand-in for one is."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinyflow import build, device, process
from tinyflow.artifacts import CompiledModel, FirmwareImage, FirmwareProject
from tinyflow.boards import BoardProfile, board_names, load_board, platform_name
from tinyflow.build import platformio_packages
from tinyflow.build.overflow import overflow_error
from tinyflow.compiler.host import HostModel
from tinyflow.errors import ToolError
from tinyflow.flash import native

TESTS = Path(__file__).parents[1]
STUB_PLATFORM = Path(__file__).parent / "espressif32_stub"
SDK_BUILDERS = ("platformio", "arduino")
SECOND_CORE = "https://github.com/pioarduino/"

Generate = Callable[[BoardProfile, str, Path], FirmwareProject]

# Reads projects as PlatformIO does; prints, as JSON, the options of each one's environment.
CONFIGURATIONS = """
import json, sys
from platformio.project.config import ProjectConfig
found = []
for path in sys.argv[1:]:
    config = ProjectConfig(path + "/platformio.ini", parse_extra=False)
    config.validate()
    found.append({name: dict(options) for name, options in config.as_tuple()})
    assert not config.warnings, config.warnings
print(json.dumps(found))
"""


def files(folder: Path) -> dict[str, str]:
    """Every file below a folder, and its hash."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def build_with(
    generate_project: Generate, builder: str, board: BoardProfile, folder: Path
) -> FirmwareImage:
    firmware = generate_project(board, builder, folder / "project")
    before = files(firmware.path)
    image = build.build(firmware, board, folder / "image")
    assert files(firmware.path) == before, "the builder wrote into the project"
    return image


def environments(*, own: bool = False) -> list[tuple[str, str]]:
    """Every board with every builder that takes an upstream platform, or tinyflow's own."""
    return [
        (name, builder)
        for name in board_names()
        for builder in load_board(name).builders
        if builder in SDK_BUILDERS and bool(load_board(name).for_builder(builder).sdk) is not own
    ]


@pytest.fixture
def core_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's core directory, with nothing in it."""
    folder = tmp_path / "core"
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(folder))
    return folder


Install = Callable[[str, str, str], None]


@pytest.fixture
def install(core_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a stand-in for an upstream platform into a core directory that has SCons.

    It has the boards of espressif32's and one more, which names its core and what it leaves.
    """
    scons = platformio_packages.install_scons()
    (core_dir / "packages").mkdir(parents=True)
    (core_dir / "packages" / scons.name).symlink_to(scons)
    for kind in ("arduino", "espidf"):
        stubs = TESTS / "firmware" / f"{kind}_stubs"
        monkeypatch.setenv(f"{kind.upper()}_STUBS", str(stubs))

    def put(platform: str, core: str, leaves: str) -> None:
        name, _, version = platform.partition(" @ ~")
        home = core_dir / "platforms" / name
        shutil.copytree(STUB_PLATFORM, home)
        manifest = json.loads((home / "platform.json").read_text())
        manifest.update(name=name, version=version)
        (home / "platform.json").write_text(json.dumps(manifest))
        board = json.loads((home / "boards" / "esp32dev.json").read_text())
        board["build"].update(core=core, leaves=[leaves])
        for environment in environments():
            settings = load_board(environment[0]).for_builder(environment[1]).platformio
            if settings is not None and settings.platform == platform:
                file = home / "boards" / f"{settings.board}.json"
                if not file.exists():
                    file.write_text(json.dumps(board))

    return put


@pytest.fixture
def espressif32(install: Install) -> None:
    install("espressif32 @ ~6.13.0", "esp", "firmware.bin")


def configurations(folders: list[Path]) -> list[dict[str, dict[str, Any]]]:
    """Of each project, the options of each section, as PlatformIO reads them."""
    done = subprocess.run(
        [sys.executable, "-c", CONFIGURATIONS, *map(str, folders)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    found: list[dict[str, dict[str, Any]]] = json.loads(done.stdout)
    return found


def test_platformio_accepts_every_board_s_project(
    generate_project: Generate, tmp_path: Path, core_dir: Path
) -> None:
    names = environments()
    assert {builder for _, builder in names} == set(SDK_BUILDERS)
    folders = [
        generate_project(load_board(name), builder, tmp_path / f"{name}-{builder}").path
        for name, builder in names
    ]
    for (name, builder), sections in zip(names, configurations(folders), strict=True):
        board = load_board(name).for_builder(builder)
        assert board.platformio is not None
        environment = sections[f"env:{name}"]
        assert environment["platform"] == board.platformio.platform
        assert environment["board"] == board.platformio.board
        assert environment["framework"] == [board.platformio.framework]
        assert int(environment["monitor_speed"]) == board.baud
        assert sections["platformio"]["default_envs"] == [name]
        for line in board.platformio.options:
            key, _, value = line.partition(" = ")
            assert environment[key] in (value, [value])
        # What is not pinned changes under a user's feet.
        pinned = "@" in board.sdk or "#" in board.sdk or "/releases/download/" in board.sdk
        assert pinned, board.sdk


def test_platformio_accepts_the_projects_with_tinyflow_s_own_platform(
    generate_project: Generate, tmp_path: Path
) -> None:
    names = [name for name, _ in environments(own=True)]
    folders = [generate_project(load_board(name), "platformio", tmp_path / name).path
               for name in names]  # fmt: skip
    for name, folder, sections in zip(names, folders, configurations(folders), strict=True):
        board = load_board(name)
        environment = sections[f"env:{name}"]
        assert environment["platform"].startswith("symlink://platform/")
        assert ("upload_port" in environment) == board.emulated
        command = json.loads((folder / "boards" / f"{name}.json").read_text())["upload"]["command"]
        assert any("{image}" in part for part in command)
        assert (command == ["{image}"]) == (board.runner == "native"), "a board is no program"
        if board.openocd is not None and not board.emulated:
            assert command[:3] == ["openocd", "-f", board.openocd.config[0]]


def test_platformio_s_own_command_accepts_the_esp32_project(
    generate_project: Generate, tmp_path: Path, core_dir: Path
) -> None:
    firmware = generate_project(load_board("esp32"), "platformio", tmp_path / "project")
    done = subprocess.run(
        [sys.executable, "-m", "platformio", "project", "config", "-d", str(firmware.path),
         "--json-output"],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    environment = dict(dict(json.loads(done.stdout))["env:esp32"])
    assert environment["board_build.partitions"] == "partitions.csv"
    assert environment["monitor_filters"] == ["esp32_exception_decoder"]


@pytest.mark.parametrize("name", [n for n, b in environments() if b == "platformio"])
def test_the_esp32_project_is_one_of_esp_idf(
    name: str, generate_project: Generate, tmp_path: Path
) -> None:
    board = load_board(name).for_builder("platformio")
    folder = generate_project(board, "platformio", tmp_path / "project").path
    table = [
        [field.strip() for field in line.split(",")]
        for line in (folder / "partitions.csv").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    ends = [int(row[3], 0) + int(row[4], 0) for row in table]
    assert all(int(row[3], 0) >= end for row, end in zip(table[1:], ends, strict=False)), table
    app = next(row for row in table if row[1] == "app")
    assert (int(app[3], 0), int(app[4], 0)) == (
        board.memory.flash_origin,
        board.memory.flash_bytes,
    )
    assert ends[-1] <= 4 << 20
    options = dict(
        line.split("=", 1)
        for line in (folder / "sdkconfig.defaults").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert options["CONFIG_PARTITION_TABLE_CUSTOM_FILENAME"] == '"partitions.csv"'
    assert options["CONFIG_ESP_MAIN_TASK_STACK_SIZE"] == str(board.memory.stack_bytes)
    assert options[f"CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_{board.clock_hz // 1_000_000}"] == "y"
    assert not (folder / "platform").exists()
    assert "project(digits)" in (folder / "CMakeLists.txt").read_text()
    component = (folder / "src" / "CMakeLists.txt").read_text()
    for source in (folder / "src").glob("*.c"):
        assert f'"{source.name}"' in component
    assert ("esp_driver_usb_serial_jtag" in component) == (name != "esp32")


def test_esp32_without_its_platform_says_so_at_once(
    generate_project: Generate, tmp_path: Path, core_dir: Path, offline: None
) -> None:
    board = load_board("esp32")
    firmware = generate_project(board, "platformio", tmp_path / "project")
    with pytest.raises(ToolError) as caught:
        build.build(firmware, board, tmp_path / "image")
    text = str(caught.value)
    assert "espressif32 @ ~6.13.0 is not installed" in caught.value.what
    assert 'pio pkg install -g -p "espressif32 @ ~6.13.0"' in text
    assert f"pio pkg install -d {firmware.path}" in text
    assert not core_dir.exists()
    assert not (tmp_path / "image" / "platformio").exists()


def test_a_platform_of_a_url_is_named_with_its_url(
    generate_project: Generate, tmp_path: Path, core_dir: Path, offline: None
) -> None:
    board = load_board("esp32c6")
    firmware = generate_project(board, "arduino", tmp_path / "project")
    with pytest.raises(ToolError) as caught:
        build.build(firmware, board, tmp_path / "image")
    assert f'pio pkg install -g -p "{SECOND_CORE}' in str(caught.value)
    assert platform_name(board.for_builder("arduino").sdk) == "pioarduino-espressif32"


def answers_like_the_model(image: FirmwareImage, board: BoardProfile, host: HostModel) -> None:
    """What the stand-ins build is a program of this machine: a host talks to it."""
    with native.run(image, board, None) as flashed, device.connect(flashed) as dut:
        assert (dut.hello.board, dut.hello.build_id) == (board.name, image.build_id)
        assert dut.hello.counter_unit == board.counter.unit
        inputs = np.random.default_rng(1).integers(
            -128, 128, (3, dut.hello.input_bytes), dtype=np.int8
        )
        outputs = [dut.infer(row.tobytes()).output for row in inputs]
    assert outputs == [row.tobytes() for row in host.invoke(inputs)]
    assert len(set(outputs)) > 1


@pytest.fixture(scope="module")
def host(digits: CompiledModel) -> Iterator[HostModel]:
    with HostModel(digits) as model:
        yield model


@pytest.mark.parametrize(
    ("name", "builder", "bootloader", "place"),
    [
        ("esp32", "platformio", 0x1000, "plain"),
        ("esp32s3", "platformio", 0, "with a space"),
        ("esp32c3", "platformio", 0, "plain"),
        ("esp32c6", "platformio", 0, "plain"),
        ("esp32", "arduino", 0x1000, "with a space"),
    ],
)
def test_an_espressif_chip_builds_where_its_platform_is(
    name: str,
    builder: str,
    bootloader: int,
    place: str,
    generate_project: Generate,
    tmp_path: Path,
    espressif32: None,
    offline: None,
    host: HostModel,
) -> None:
    board = load_board(name)
    image = build_with(generate_project, builder, board, tmp_path / place)
    assert [(file.path.name, file.offset) for file in image.images] == [
        ("bootloader.bin", bootloader),
        ("partitions.bin", 0x8000),
        ("firmware.bin", 0x10000),
    ]
    assert all(file.path.is_file() for file in image.images)
    assert image.library_flash_bytes > image.library_code_bytes > 0
    assert image.library_ram_bytes > 0
    answers_like_the_model(image, board.for_builder(builder), host)


@pytest.mark.parametrize(
    ("name", "core", "leaves"),
    [("arduino-mega", "plain", "firmware.hex")],
)
def test_an_arduino_core_builds_where_its_platform_is(
    name: str,
    core: str,
    leaves: str,
    generate_project: Generate,
    tmp_path: Path,
    install: Install,
    offline: None,
    host: HostModel,
) -> None:
    board = load_board(name)
    install(board.for_builder("arduino").sdk, core, leaves)
    image = build_with(generate_project, "arduino", board, tmp_path)
    (flashed,) = image.images
    assert (flashed.path.name, flashed.offset) == ("firmware.bin", board.memory.flash_origin)
    assert flashed.path.read_bytes() == image.elf.read_bytes(), "the stand-in's binary is all of it"
    assert image.library_flash_bytes > image.library_code_bytes > 0
    answers_like_the_model(image, board.for_builder("arduino"), host)


def test_an_arduino_project_builds_by_hand_in_a_folder_with_a_space(
    generate_project: Generate, tmp_path: Path, espressif32: None, offline: None
) -> None:
    firmware = generate_project(load_board("esp32s3"), "arduino", tmp_path / "my project")
    done = process.run(
        [sys.executable, "-m", "platformio", "run", "-d", str(firmware.path)],
        env=platformio_packages.environment("espressif32"),
        timeout=120,
    )
    assert "SUCCESS" in done.stdout
    (link_map,) = firmware.path.glob(".pio/build/*/firmware.map")
    assert "libdigits.a" in link_map.read_text()


def test_esp_idf_is_not_tried_in_a_core_directory_with_a_space(
    generate_project: Generate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(tmp_path / "a core"))
    board = load_board("esp32")
    firmware = generate_project(board, "platformio", tmp_path / "project")
    with pytest.raises(ToolError, match="has a space in its path"):
        build.build(firmware, board, tmp_path / "image")


@pytest.mark.parametrize(
    ("name", "builder", "region", "memory"),
    [
        ("esp32c6", "platformio", "sram_seg", "RAM"),
        ("nucleo-f446re", "arduino", "FLASH", "flash"),
        ("arduino-mega", "arduino", "data", "RAM"),
        ("arduino-mega", "arduino", "text", "flash"),
    ],
)
def test_what_does_not_fit_an_sdk_s_linker_script_is_the_model_s_error(
    name: str, builder: str, region: str, memory: str
) -> None:
    board = load_board(name).for_builder(builder)
    error = overflow_error(f"ld: region `{region}' overflowed by 24 bytes\n", "digits", board)
    assert error is not None
    assert f"B of {memory}, board {name} has" in str(error)
    assert str(error).splitlines()[1].endswith(": 24 B too much")


def test_too_much_static_data_for_the_esp32_is_the_model_s_error() -> None:
    board = load_board("esp32").for_builder("platformio")
    output = (
        "ld: digits section `.dram0.bss' will not fit in region `dram0_0_seg'\n"
        "ld: region `dram0_0_seg' overflowed by 4096 bytes\n"
    )
    error = overflow_error(output, "digits", board)
    assert error is not None
    assert f"has {board.memory.ram_bytes:,} B: 4,096 B too much" in str(error)
    larger = board.memory.flash_bytes + 1
    told = (
        f"Error: The program size ({larger} bytes) is greater than "
        f"maximum allowed ({board.memory.flash_bytes} bytes)\n"
    )
    error = overflow_error(told, "digits", board)
    assert error is not None
    assert f"needs {larger:,} B of flash" in str(error)
