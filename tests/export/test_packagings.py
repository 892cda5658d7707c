"""Every packaging, built by its build system or a stand-in for it, computes the same bytes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tinyflow import paths, process, tools
from tinyflow.build import platformio_packages
from tinyflow.compiler.host import HostModel

STAND_INS = Path(__file__).parent / "stand_ins"


def cmake_build(folder: Path, *options: str) -> None:
    cmake, ninja = str(tools.require("cmake")), str(tools.require("ninja"))
    configure = [cmake, "-S", str(folder), "-B", str(folder / "build"), "-G", "Ninja"]
    configure.append("-DCMAKE_C_COMPILER_WORKS=1")  # others try it
    process.run([*configure, f"-DCMAKE_MAKE_PROGRAM={ninja}", *options], timeout=120)
    process.run([cmake, "--build", str(folder / "build")], timeout=300)


def write(folder: Path, libraries: Any, listfile: str) -> Path:
    folder.mkdir()
    (folder / "main.c").write_text(libraries.program)
    head = "cmake_minimum_required(VERSION 3.16)\nproject(app LANGUAGES C)\n"
    (folder / "CMakeLists.txt").write_text(head + listfile)
    return folder


def install(build: Path) -> None:
    process.run([str(tools.require("cmake")), "--install", str(build)], timeout=60)


def test_cmake_subdirectories_and_packages(libraries: Any, tmp_path: Path) -> None:
    """Both as parts of a tree, installed from there; one of them then again on its own."""
    added = "".join(f'add_subdirectory("{folder}" {folder.name})\n' for folder in libraries.folders)
    linked = "target_link_libraries(app PRIVATE tinyflow::digits tinyflow::other)\n"
    app = write(tmp_path / "app", libraries, f"{added}add_executable(app main.c)\n{linked}")
    prefix = tmp_path / "installed"
    cmake_build(app, f"-DCMAKE_INSTALL_PREFIX={prefix}")
    libraries.expect(app / "build" / "app")
    install(app / "build")
    for file in (prefix / "lib").rglob("*digits*"):
        if file.is_file():
            file.unlink()
    alone = Path(shutil.copytree(libraries.folders[0], tmp_path / "digits"))
    cmake_build(alone, f"-DCMAKE_INSTALL_PREFIX={prefix}")
    install(alone / "build")
    shutil.rmtree(alone)
    user = write(
        tmp_path / "user",
        libraries,
        "find_package(digits 0.1 REQUIRED)\nfind_package(other REQUIRED)\n"
        f"add_executable(app main.c)\n{linked}",
    )
    cmake_build(user, f"-DCMAKE_PREFIX_PATH={prefix}")
    libraries.expect(user / "build" / "app")


def test_esp_idf_components(libraries: Any, tmp_path: Path) -> None:
    added = "".join(f'add_subdirectory("{folder}" {folder.name})\n' for folder in libraries.folders)
    app = write(
        tmp_path / "app",
        libraries,
        f'include("{STAND_INS / "esp_idf.cmake"}")\n{added}add_executable(app main.c)\n'
        "target_link_libraries(app PRIVATE __idf_digits __idf_other)\n",
    )
    cmake_build(app, "-DCMAKE_C_COMPILER_FORCED=1")
    libraries.expect(app / "build" / "app")
    manifest = (libraries.folders[0] / "idf_component.yml").read_text(encoding="utf-8")
    assert manifest.startswith('version: "0.1.0"\n')


def test_zephyr_modules(libraries: Any, tmp_path: Path) -> None:
    """All objects of both archives are linked: a kernel is there twice."""
    added = "".join(
        f"set(CONFIG_TINYFLOW_{folder.name.upper()} y)\n"
        f'set(ZEPHYR_CURRENT_MODULE_DIR "{folder}")\n'
        f'add_subdirectory("{folder}/zephyr" {folder.name})\n'
        for folder in libraries.folders
    )
    app = write(
        tmp_path / "app",
        libraries,
        f'include("{STAND_INS / "zephyr.cmake"}")\n{added}add_executable(app main.c)\n'
        "get_property(libraries GLOBAL PROPERTY ZEPHYR_LIBS)\n"
        "target_link_libraries(app PRIVATE zephyr_interface\n"
        "  -Wl,--whole-archive ${libraries} -Wl,--no-whole-archive)\n",
    )
    cmake_build(app, "-DCMAKE_C_COMPILER_FORCED=1")
    libraries.expect(app / "build" / "app")
    for folder in libraries.folders:
        module = (folder / "zephyr/module.yml").read_text(encoding="utf-8")
        assert f"name: {folder.name}\n" in module
        assert all((folder / place).exists() for place in ("zephyr", "zephyr/Kconfig"))


def test_platformio_libraries(libraries: Any, tmp_path: Path) -> None:
    """With `lib_archive = no` PlatformIO links every object: a kernel is there twice."""
    project = tmp_path / "a project"
    (project / "src").mkdir(parents=True)
    (project / "src" / "main.c").write_text(libraries.program)
    for folder in libraries.folders:
        shutil.copytree(folder, project / "lib" / folder.name)
    shutil.copytree(
        paths.data_folder("firmware") / "platformio",
        project / "tnf-export-test",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    build = {"mcu": "host", "prefix": "", "cpu_flags": [], "link_flags": [], "linker_script": ""}
    upload = {"maximum_size": 1 << 20, "maximum_ram_size": 1 << 20, "command": []}
    board = {"name": "host", "vendor": "", "url": "", "build": build, "upload": upload}
    (project / "boards").mkdir()
    (project / "boards" / "host.json").write_text(json.dumps(board))
    (project / "platformio.ini").write_text(
        "[env]\nplatform = symlink://tnf-export-test\nboard = host\n"
        "build_flags = -ffunction-sections -Wl,--gc-sections\n"
        "[env:archives]\n[env:objects]\nlib_archive = no\n"
    )
    packages = tmp_path / "core" / "packages"
    packages.mkdir(parents=True)
    scons = platformio_packages.install_scons()
    (packages / scons.name).symlink_to(scons)
    own = platformio_packages.environment("tinyflow")
    process.run(
        [sys.executable, "-m", "platformio", "run", "-d", str(project)],
        env={**own, "PLATFORMIO_CORE_DIR": str(tmp_path / "core")},
        timeout=120,
    )
    for env, archives in (("archives", 2), ("objects", 0)):
        built = project / ".pio" / "build" / env
        libraries.expect(built / "firmware.elf")
        assert len([*built.rglob("libdigits.a"), *built.rglob("libother.a")]) == archives


def test_arduino_libraries(libraries: Any, tmp_path: Path) -> None:
    """All objects of all libraries are linked; the sketch is compiled as the IDE does it."""
    digits, _ = libraries.folders
    objects = []
    for folder in libraries.folders:
        properties = dict(
            line.split("=", 1)
            for line in (folder / "library.properties").read_text(encoding="utf-8").splitlines()
        )
        assert properties["name"] == folder.name
        assert (folder / "src" / properties["includes"]).is_file()
        (tmp_path / folder.name).mkdir()
        command = ["cc", "-c", *(str(file) for file in (folder / "src").glob("*.c"))]
        subprocess.run(command, check=True, cwd=tmp_path / folder.name)
        objects += [str(file) for file in (tmp_path / folder.name).glob("*.o")]
    sketch = digits / "examples/digits_once/digits_once.ino"
    (tmp_path / "loop.cpp").write_text(
        f'#include <Arduino.h>\n#include "{sketch}"\n#include <other_run.h>\n'
        "static int8_t other[32];\n"
        "int main() { setup(); loop(); other_run(other, other); return 0; }\n"
    )
    includes = [f"-I{folder / 'src'}" for folder in libraries.folders]
    command = ["g++", "-std=gnu++11", "-Wall", "-Wextra", "-Werror", f"-I{STAND_INS}", *includes]
    program = tmp_path / "sketch"
    subprocess.run([*command, str(tmp_path / "loop.cpp"), *objects, "-o", program], check=True)
    told = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    (model, _) = libraries.models
    with HostModel(model) as host:
        row = model.input.quantize(np.zeros((1, 64), np.float32))
        output = host.invoke(row)[0]
    largest = int(output.argmax())
    value = float(model.output.dequantize(output)[largest])
    assert told == f"output {largest}: {value:.4f}, 0 us\n"
