"""The doctor sees what each board needs, says what installs it, and installs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tinyflow import doctor, tools
from tinyflow.boards import load_board
from tinyflow.doctor import Provision
from tinyflow.errors import ToolError

REAL_FIND = tools.find
M4 = load_board("qemu-m4")
ESP32 = replace(load_board("esp32"), builders=("platformio",), runners=("esptool",))


class Machine:
    """What `tools` sees and does, without a machine: names of what is there, and a journal."""

    def __init__(self) -> None:
        self.there = set(tools.TOOLS)
        self.asked: list[str] = []
        self.installed: list[str] = []

    def find(self, name: str, provider: tools.Provider | None = None) -> tools.Found:
        self.asked.append(name)
        if provider is not None:
            return REAL_FIND(name, provider)
        if name not in self.there:
            return tools.Found(name, None, None)
        return tools.Found(name, "1.0", Path("/usr/bin") / name)

    def install(self, names: list[str], log: Path | None = None) -> None:
        self.installed += names


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine()
    monkeypatch.setattr(doctor.tools, "find", found.find)
    monkeypatch.setattr(doctor.tools, "install", found.install)
    monkeypatch.setattr(doctor.tools, "advice", lambda names: f"install {' '.join(names)}")
    return found


def test_each_board_lists_its_tools_and_the_rest_is_for_every_board(machine: Machine) -> None:
    findings = doctor.diagnose([M4, ESP32])
    assert [(f.board, f.tool, f.optional) for f in findings if f.board] == [
        ("qemu-m4", "arm-none-eabi-gcc", False),
        ("qemu-m4", "cmake", False),
        ("qemu-m4", "ninja", False),
        ("qemu-m4", "qemu-system-arm", False),
        ("qemu-m4", "platformio", True),
        ("qemu-m4", "tool-scons", True),
        ("esp32", "platformio", False),
        ("esp32", "tool-scons", False),
        ("esp32", "espressif32", False),
        ("esp32", "esptool", False),
    ]
    shared = [f.tool for f in findings if not f.board]
    assert shared[:2] == ["cc", "reference-interpreter"]
    assert {"tensorflow", "numpy", "pyserial"} <= set(shared)
    assert "esptool" not in shared
    assert all(f.usable and f.version == "1.0" and f.install == "" for f in findings)


def test_a_tool_that_two_boards_need_is_looked_at_once(machine: Machine) -> None:
    doctor.diagnose([M4, ESP32, M4])
    assert len(machine.asked) == len(set(machine.asked))


def test_what_is_missing_comes_with_the_command_that_installs_it(machine: Machine) -> None:
    machine.there -= {"qemu-system-arm", "platformio"}
    findings = doctor.diagnose([M4])
    wrong = [f for f in findings if not f.usable]
    assert [(f.tool, f.path, f.install) for f in wrong] == [
        ("qemu-system-arm", None, "install qemu-system-arm"),
        ("platformio", None, "install platformio"),
    ]
    assert wrong[0].purpose == "emulates Cortex-M boards"
    assert doctor.missing(findings) == ["qemu-system-arm", "platformio"]
    assert doctor.missing(findings, optional=False) == ["qemu-system-arm"]
    assert doctor.missing(findings + findings) == ["qemu-system-arm", "platformio"]


def broken() -> Path:
    raise ToolError("the folder holds another release", ["found 2.0"], ["rm -r folder"])


def test_what_tinyflow_makes_itself_is_asked_for_where_it_belongs(
    machine: Machine, tmp_path: Path
) -> None:
    place = tmp_path / "ai-edge-litert-1.2.0-cp311"
    provisions = {
        "reference-interpreter": Provision(lambda: place, broken),
        "tool-scons": Provision(broken, broken),
    }
    findings = {f.tool: f for f in doctor.diagnose([ESP32], provisions)}
    reference = findings["reference-interpreter"]
    assert (reference.usable, reference.version, reference.path) == (True, "1.2.0", place)
    scons = findings["tool-scons"]
    assert (scons.usable, scons.path) == (False, None)
    assert scons.lacks == "the folder holds another release"
    assert scons.install == "install tool-scons"


def test_installing_goes_by_packages_then_by_provisions(machine: Machine) -> None:
    made: list[str] = []

    def make() -> Path:
        made.append("scons")
        return Path("/scons")

    provisions = {"tool-scons": Provision(lambda: None, make)}
    doctor.install(["tool-scons", "ninja", "qemu-system-arm"], provisions)
    assert machine.installed == ["ninja", "qemu-system-arm"]
    assert made == ["scons"]


def test_nothing_to_install_does_nothing(machine: Machine) -> None:
    doctor.install([])
    assert machine.installed == []


def test_one_installation_that_fails_is_its_own_error(machine: Machine) -> None:
    with pytest.raises(ToolError, match="the folder holds another release") as caught:
        doctor.install(["tool-scons"], {"tool-scons": Provision(broken, broken)})
    assert caught.value.hints == ("rm -r folder",)


def test_all_installations_are_tried_and_all_errors_told(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(names: list[str], log: Path | None = None) -> None:
        raise ToolError("apt-get ended with exit status 100", ["| no space"], ["apt-get clean"])

    monkeypatch.setattr(doctor.tools, "install", refuses)
    with pytest.raises(ToolError) as caught:
        doctor.install(["ninja", "tool-scons"], {"tool-scons": Provision(broken, broken)})
    assert str(caught.value) == (
        "2 installations did not succeed\n"
        "  apt-get ended with exit status 100\n"
        "    | no space\n"
        "  the folder holds another release\n"
        "    found 2.0\n"
        "  hint: apt-get clean\n"
        "  hint: rm -r folder"
    )


def test_this_machine_can_be_looked_at() -> None:
    findings = {f.tool: f for f in doctor.diagnose([M4, ESP32])}
    assert findings["cmake"].usable
    assert findings["tensorflow"].version is not None
    assert findings["cc"].path is not None
