"""Which boards a run is for, and what they can do."""

from pathlib import Path

import pytest

from tinyflow.device.hardware_map import HardwareMap, load_map
from tinyflow.errors import DeviceError, ProjectError
from tinyflow.rig import Wanted, choose

RIG = """\
boards:
  - {name: a, board: esp32, serial: "1", tags: [microphone], power: {cycle: [relay]}}
  - {name: b, board: esp32, serial: "2", model: b.tflite}
  - {name: m4, board: qemu-m4}
"""


@pytest.fixture
def rig(tmp_path: Path) -> HardwareMap:
    (tmp_path / "map.yaml").write_text(RIG)
    return load_map(tmp_path / "map.yaml")


def names(wanted: Wanted, rig: HardwareMap | None) -> list[str]:
    return [place.name for place in choose(wanted, rig)]


def test_boards_are_named_by_name_by_profile_or_not_at_all(rig: HardwareMap) -> None:
    assert names(Wanted(), rig) == ["a", "b", "m4"]
    assert names(Wanted(("esp32", "native")), rig) == ["a", "b", "native"]
    assert names(Wanted(("b", "esp32")), rig) == ["b", "a"], "a board is there once"
    assert names(Wanted(), None) == []
    with pytest.raises(ProjectError, match="board nativ is unknown, did you mean native") as caught:
        names(Wanted(("nativ",)), rig)
    assert "a, b, m4" in str(caught.value)


def test_a_port_is_of_one_board(rig: HardwareMap) -> None:
    (place,) = choose(Wanted(("a",), "socket://127.0.0.1:9", 57600), rig)
    assert place.port() == "socket://127.0.0.1:9"
    assert place.profile.baud == 57600
    with pytest.raises(ProjectError, match="a port or baud rate is of one board, 2 are meant"):
        choose(Wanted(("esp32",), "COM3"), rig)
    for baud in (0, -5, 1 << 30):
        with pytest.raises(ProjectError, match=f"a baud rate is 1 to 20000000, found {baud}"):
            choose(Wanted(("a",), "", baud), rig)
    with pytest.raises(DeviceError, match="port sockt://a:1 has a scheme that is not known"):
        choose(Wanted(("a",), "sockt://a:1"), rig)


def test_what_boards_can_do(rig: HardwareMap) -> None:
    a, b, m4 = choose(Wanted(), rig)
    assert a.capabilities == {
        *("hardware", "cycles", "counter", "power", "bootloader", "microphone")
    }
    assert b.capabilities == {"hardware", "cycles", "counter", "bootloader"}
    assert m4.capabilities == {"emulated", "instructions", "counter", "power"}
    (native,) = choose(Wanted(("native",)), None)
    assert native.capabilities == {"emulated", "nanoseconds", "power"}
    assert native.absent() == "" and native.started
    (sensing,) = choose(Wanted(("native",)), None, shared=frozenset(["sensor"]))
    assert sensing.lacks(["sensor"]) == "" and native.lacks(["sensor"]) != ""
    assert a.lacks(["counter"]) == ""
    assert a.lacks(["counters", "camera"]) == "board a lacks counters (it has counter), camera"
    assert "no port has the USB serial number 1" in a.absent()
    assert b.model == rig.path.parent / "b.tflite" and a.model is None
