"""Tools are found, judged and installed by argument lists that fit the system."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest

from tinyflow import paths, process, progress, schema, tools
from tinyflow.errors import ProjectError, ToolError
from tinyflow.tools import look, packages


class System:
    """A machine with only the programs a test puts on its PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder.parent / "journal"

    def add(self, name: str, script: str = "") -> Path:
        """A program that writes its call into the journal, then runs `script`."""
        file = self.folder / name
        file.write_text(
            "#!/bin/sh\n"
            f'echo "{name} $*${{DEBIAN_FRONTEND:+ [$DEBIAN_FRONTEND]}}" >> {self.journal}\n'
            f"{script}\n"
        )
        file.chmod(0o755)
        return file

    def calls(self) -> list[str]:
        return self.journal.read_text().splitlines() if self.journal.exists() else []


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("DEBIAN_FRONTEND", raising=False)
    monkeypatch.setattr(process, "scripts_folder", lambda: tmp_path / "nowhere")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(sys, "platform", "linux")
    return System(folder)


def test_the_table_has_every_dependency_of_the_package_with_its_limits() -> None:
    project = schema.read_toml(paths.PACKAGE.parents[1] / "pyproject.toml")["project"]
    wanted = {line for line in project["dependencies"] if "python_version" not in line}
    # Heavy, and only for those who write boards through a debug probe with it.
    wanted.add(tools.TOOLS["pyocd"].requirement)
    assert {tool.requirement for tool in tools.TOOLS.values() if tool.requirement} == wanted


def test_a_missing_program_has_no_path(system: System) -> None:
    assert tools.find("qemu-system-arm") == tools.Found("qemu-system-arm", None, None)
    assert not tools.find("qemu-system-arm").usable


@pytest.mark.parametrize(
    ("name", "said", "version"),
    [
        ("cc", "cc (Debian 12.2.0-14+deb12u1) 13.1.0", "13.1.0"),
        ("qemu-system-arm", "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)", "7.2.22"),
        ("cmake", "cmake version 4.4.4", "4.4.4"),
        ("ninja", "1.13.2.git.kitware.jobserver-pipe-1", "1.13.2.git.kitware.jobserver-pipe-1"),
        ("cc", "Apple clang version 15.0.0 (clang-1500.3.9.4)", "15.0.0"),
        ("cc", "no number at all", None),
    ],
)
def test_a_version_is_read_from_what_the_program_prints(
    system: System, name: str, said: str, version: str | None
) -> None:
    path = system.add(name, f"echo '{said}'")
    assert tools.find(name) == tools.Found(name, version, path)


def test_a_program_beside_this_python_comes_before_the_one_on_path(
    system: System, tmp_path: Path
) -> None:
    system.add("cmake", "echo cmake version 3.0.0")
    beside = tmp_path / "nowhere"
    beside.mkdir()
    own = beside / "cmake"
    own.write_text("#!/bin/sh\necho cmake version 4.0.0\n")
    own.chmod(0o755)
    assert tools.find("cmake") == tools.Found("cmake", "4.0.0", own)


def test_a_program_that_does_not_run_is_found_and_of_no_use(system: System) -> None:
    path = system.add("qemu-system-arm", "exit 127")
    found = tools.find("qemu-system-arm")
    assert found.lacks == f"{path} --version ends with 127"
    assert not found.usable
    with pytest.raises(ToolError, match="is of no use"):
        tools.require("qemu-system-arm")


def test_a_program_that_hangs_is_ended(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "VERSION_SECONDS", 0.3)
    system.add("qemu-system-arm", "exec /bin/sleep 60")
    assert tools.find("qemu-system-arm").lacks.endswith("did not end within 0.3 s")


GCC = """case "$1" in
--version) echo 'arm-none-eabi-gcc (15:12.2) 12.2.1 20221205' ;;
*) echo %s ;;
esac"""


def test_a_compiler_without_its_c_library_is_of_no_use(system: System) -> None:
    path = system.add("arm-none-eabi-gcc", GCC % "libc.a")
    found = tools.find("arm-none-eabi-gcc")
    assert found == tools.Found("arm-none-eabi-gcc", "12.2.1", path, "no C library: libc.a")
    system.add("apt-get")
    with pytest.raises(ToolError) as caught:
        tools.require("arm-none-eabi-gcc")
    assert str(caught.value) == (
        f"{path} is of no use: no C library: libc.a\n"
        "  hint: apt-get install --yes --no-install-recommends "
        "gcc-arm-none-eabi libnewlib-arm-none-eabi"
    )


def test_a_compiler_with_its_c_library_is_usable(system: System) -> None:
    path = system.add("arm-none-eabi-gcc", GCC % "/usr/lib/arm-none-eabi/lib/libc.a")
    assert tools.require("arm-none-eabi-gcc") == path


def test_python_packages_are_seen_by_their_metadata_not_imported() -> None:
    found = tools.find("platformio")
    assert found.version == importlib.metadata.version("platformio")
    assert found.usable
    assert "platformio" not in sys.modules


@pytest.mark.parametrize(
    ("version", "lacks"),
    [
        ("2.21.0", ""),
        ("2.21", ""),
        ("2.21.4+cpu", ""),
        ("2.20.9", "version 2.20.9, wanted >=2.21"),
        ("2.22.0", "version 2.22.0, wanted <2.22"),
        ("10.0", "version 10.0, wanted <2.22"),
        (None, "version unknown, wanted >=2.21"),
    ],
)
def test_a_package_outside_its_limits_is_of_no_use(
    monkeypatch: pytest.MonkeyPatch, version: str | None, lacks: str
) -> None:
    class Distribution:
        def locate_file(self, name: str) -> str:
            return f"/site/{name}"

    Distribution.version = version  # type: ignore[attr-defined]
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Distribution())
    assert tools.find("tensorflow").lacks == lacks


def test_a_missing_package_has_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    assert tools.find("esptool").path is None
    with pytest.raises(ToolError) as caught:
        tools.require("esptool")
    assert caught.value.hints == (f"{sys.executable} -m pip install 'esptool>=5.6,<6'",)


def test_what_tinyflow_makes_itself_is_where_the_caller_says(tmp_path: Path) -> None:
    assert tools.find("tool-scons").path is None
    place = tmp_path / "tool-scons-4.11.1"
    assert tools.find("tool-scons", lambda: place) == tools.Found("tool-scons", "4.11.1", place)
    assert tools.find("tool-scons", lambda: None).path is None
    tagged = tmp_path / "ai-edge-litert-1.2.0-cp311"
    assert tools.find("reference-interpreter", lambda: tagged).version == "1.2.0"


def test_what_is_wrong_with_what_tinyflow_makes_itself_is_told() -> None:
    def another() -> Path:
        raise ToolError("the folder holds another release")

    found = tools.find("reference-interpreter", another)
    assert (found.path, found.lacks) == (None, "the folder holds another release")
    with pytest.raises(ToolError) as caught:
        tools.require("reference-interpreter", another)
    assert str(caught.value) == (
        "reference-interpreter is not installed, or not on PATH\n"
        "  the folder holds another release\n"
        "  what it is for: the .tflite interpreter that generated code is compared with\n"
        "  hint: tinyflow doctor --install"
    )


def test_an_unknown_tool_is_an_error_with_the_near_miss() -> None:
    with pytest.raises(ProjectError, match="tool qemu-sytem-arm is unknown, did you mean qemu"):
        tools.find("qemu-sytem-arm")


@pytest.mark.parametrize(
    ("program", "command"),
    [
        (
            "apt-get",
            "apt-get install --yes --no-install-recommends "
            "gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm",
        ),
        (
            "dnf",
            "dnf install --assumeyes arm-none-eabi-gcc-cs arm-none-eabi-newlib qemu-system-arm",
        ),
        (
            "pacman",
            "pacman -S --noconfirm --needed arm-none-eabi-gcc arm-none-eabi-newlib qemu-system-arm",
        ),
        ("zypper", "zypper --non-interactive install qemu-arm"),
        ("brew", "brew install gcc-arm-embedded qemu"),
    ],
)
def test_the_command_fits_the_package_manager(system: System, program: str, command: str) -> None:
    system.add(program)
    found = tools.install_command(["arm-none-eabi-gcc", "qemu-system-arm", "esptool"])
    assert found == command.split()
    assert tools.package_manager() == program.removesuffix("-get")


def test_without_a_package_manager_there_is_no_command_but_advice(system: System) -> None:
    assert tools.package_manager() is None
    assert tools.install_command(["qemu-system-arm"]) is None
    assert tools.advice(["qemu-system-arm"]) == "install QEMU's system emulator for Arm"
    with pytest.raises(ToolError) as caught:
        tools.install(["qemu-system-arm", "cc"])
    assert str(caught.value) == (
        "qemu-system-arm, cc cannot be installed from here\n"
        "  package manager: none that is known\n"
        "  hint: install QEMU's system emulator for Arm\n"
        "  hint: install a C compiler called cc (macOS: xcode-select --install)"
    )


def test_on_macos_only_brew_counts(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    system.add("apt-get")
    assert tools.package_manager() is None
    system.add("brew")
    monkeypatch.setattr(os, "geteuid", lambda: 501)
    system.add("sudo")
    assert tools.install_command(["qemu-system-arm"]) == ["brew", "install", "qemu"]


@pytest.mark.parametrize(
    ("status", "package"), [(0, "qemu-system-riscv"), (100, "qemu-system-misc")]
)
def test_a_package_that_moved_is_asked_for_by_the_name_known_here(
    system: System, status: int, package: str
) -> None:
    system.add("apt-get")
    system.add("apt-cache", f"exit {status}")
    assert tools.system_packages(["qemu-system-riscv32"]) == [package]


def test_sudo_stands_before_the_command_when_it_is_needed_and_there(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.add("apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    command = tools.install_command(["qemu-system-arm"])
    assert command is not None
    assert command[0] == "apt-get"
    system.add("sudo")
    assert tools.install_command(["qemu-system-arm"]) == ["sudo", *command]


def test_installing_refreshes_once_then_installs_without_questions(system: System) -> None:
    # Asking for a package only works after the refresh, as on a fresh machine.
    system.add("apt-get")
    system.add("apt-cache", f"/bin/grep -q update {system.journal}")
    seen: list[progress.Step] = []
    with progress.listening(seen.append):
        tools.install(["arm-none-eabi-gcc", "qemu-system-riscv32"])
    ran = [line for line in system.calls() if line.startswith("apt-get")]
    assert ran == [
        "apt-get update [noninteractive]",
        "apt-get install --yes --no-install-recommends gcc-arm-none-eabi libnewlib-arm-none-eabi "
        "qemu-system-riscv [noninteractive]",
    ]
    assert [step.message.split()[1] for step in seen] == ["update", "install"]


def test_installing_with_sudo_never_waits_for_a_password(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    system.add("apt-get")
    system.add("sudo", "echo 'sudo: a password is required' >&2; exit 1")
    with pytest.raises(ToolError) as caught:
        tools.install(["qemu-system-arm"])
    assert system.calls() == [
        "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get update [noninteractive]",
        "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install --yes "
        "--no-install-recommends qemu-system-arm [noninteractive]",
    ]
    assert "| sudo: a password is required" in caught.value.detail
    assert caught.value.hints == (
        "sudo apt-get install --yes --no-install-recommends qemu-system-arm",
    )


def test_a_refresh_that_fails_does_not_stop_the_install(system: System) -> None:
    system.add("apt-get", 'test "$1" != update')
    tools.install(["qemu-system-arm"])
    assert len(system.calls()) == 2


def test_an_install_that_hangs_is_ended(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "INSTALL_SECONDS", 0.3)
    system.add("apt-get", 'test "$1" = update || exec /bin/sleep 60')
    with pytest.raises(ToolError, match=r"did not end within 0\.3 s"):
        tools.install(["qemu-system-arm"])


def test_python_packages_are_installed_by_this_python(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = system.add("python-of-ours")
    monkeypatch.setattr(sys, "executable", str(python))
    system.add("apt-get")
    tools.install(["esptool", "cmake"])
    assert system.calls() == [
        "python-of-ours -m pip install esptool>=5.6,<6 cmake>=3.25 [noninteractive]"
    ]


def test_what_tinyflow_makes_itself_is_not_installed_by_a_package_manager(system: System) -> None:
    system.add("apt-get")
    with pytest.raises(ToolError, match="tool-scons cannot be installed from here"):
        tools.install(["tool-scons"])
    assert tools.advice(["tool-scons"]) == "tinyflow doctor --install"
    assert system.calls() == []
