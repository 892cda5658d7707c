"""The hardware map: read as it is meant, refused with all that is wrong, bounded."""

from pathlib import Path

import pytest

from tinyflow.device import hardware_map, ports
from tinyflow.device.hardware_map import Entry, Power, load_map
from tinyflow.device.ports import Port
from tinyflow.errors import DeviceError, ProjectError

RIG = """\
boards:
  - name: bench-1
    board: esp32
    serial: 0001
    baud: 921600
    power: {off: [relay, "1", off], on: [relay, "1", on], seconds: 2}
    tags: [microphone]
    model: kws.tflite
  - {name: bench-2, board: esp32, port: "socket://10.0.0.7:4000"}
  - {name: m4, board: qemu-m4}
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "map.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_map_is_read_with_texts_as_they_stand(tmp_path: Path) -> None:
    found = load_map(write(tmp_path, RIG))
    assert found.boards[0] == Entry(
        name="bench-1",
        board="esp32",
        serial="0001",
        baud=921600,
        power=Power(off=("relay", "1", "off"), on=("relay", "1", "on"), seconds=2.0),
        tags=("microphone",),
        model="kws.tflite",
    )
    assert found.model(found.boards[0]) == tmp_path / "kws.tflite"
    assert found.model(found.boards[1]) is None
    assert [entry.name for entry in found.find("esp32")] == ["bench-1", "bench-2"]
    assert [entry.name for entry in found.find("bench-2")] == ["bench-2"]
    assert found.find("native") == ()
    assert hardware_map.profile_of(found.boards[0]).baud == 921600


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "boards:\n  - {name: a, board: native, bauds: 1}",
            "bauds: unknown key, did you mean baud?",
        ),
        ("boards:\n  - {name: a, board: nativ}", "board nativ is unknown, did you mean native?"),
        ("boards:\n  - {name: a b, board: native}", "a name has letters, digits, - and _"),
        (
            "boards:\n  - {name: a, board: native}\n  - {name: a, board: native}",
            "the name stands there twice",
        ),
        ("boards:\n  - {name: a, board: esp32, runner: opencd}", "is not run with opencd"),
        ("boards:\n  - {name: a, board: esp32, serial: b, port: c}", "serial and port are given"),
        ("boards:\n  - {name: a, board: esp32, power: {off: [x]}}", "go together"),
        ("boards:\n  - {name: a, board: esp32, power: {cycle: x}}", "should be a valid array"),
        ("boards:\n  - {name: a, board: esp32, baud: fast}", "should be a valid integer"),
        (
            "boards:\n  - {name: a, board: pico, serial: x}\n  - {name: b, board: pico, serial: x}",
            "board 'b': it is at serial number x, as 'a' is",
        ),
        (
            "boards:\n  - {name: a, board: esp32, port: p}\n  - {name: b, board: native, port: p}",
            "board 'b': it is at port p, as 'a' is",
        ),
        (
            "boards:\n  - {name: a, board: esp32}\n  - {name: b, board: esp32}",
            "board 'b': it is found by the USB ids of esp32, as 'a' is",
        ),
        ("boards:\n  - {name: a, board: esp32, port: 'sockt://a:1'}", "scheme that is not known"),
        ("boards:\n  - {name: a, board: esp32, power: {cycle: ['']}}", "begins with a program"),
        ("boards:\n  - {name: a, board: qemu-m4, serial: x}", "is a program on this machine"),
        (f"boards:\n  - {{name: {'a' * 65}, board: native}}", "64 of them at most"),
        ("boards: []", "0 of them, 1 to 256 can be"),
        ("boards: [{name: a}]\nboards: []", "line 2: boards stands there twice"),
        ("a: &x [1]\nb: [*x, *x]", "line 1 has an anchor or alias"),
        ("[" * 5000, "nested deeper than 16 levels"),
        ("{[a]: b}", "is not valid YAML"),
        (b"\xff\xfe\x00", "is not valid YAML"),
        ("", "is not a hardware map"),
        ("#" * (1 << 18) + "\n", "larger than the limit of 262144 B"),
        ('boards: !!python/object/apply:os.system ["ls"]', "should be an object, found 'ls'"),
    ],
)
def test_what_is_no_map_is_refused_by_name(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(ProjectError) as caught:
        load_map(write(tmp_path, text))
    assert said in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"none\.yaml cannot be read"):
        load_map(tmp_path / "none.yaml")


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = "boards:\n  - {name: a/b, board: nativ}\n  - {name: c, board: m4, serial: x, port: y}"
    with pytest.raises(ProjectError) as caught:
        load_map(write(tmp_path, text))
    assert len(caught.value.detail) == 4


def test_a_board_is_found_by_its_serial_number(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [
        Port("/dev/ttyUSB0", 0x0403, 0x6010, "FT1"),
        Port("/dev/ttyUSB1", 0x10C4, 0xEA60, "FT1"),
        Port("/dev/ttyUSB2", 0x10C4, 0xEA60, "0002"),
        Port("/dev/ttyUSB3", 0x1234, 0x5678, "0003"),
        Port("/dev/ttyUSB4", 0x1234, 0x5678, "0003"),
    ]
    monkeypatch.setattr(ports, "list_ports", lambda: there)
    profile = hardware_map.profile_of(Entry("a", "esp32"))

    def place(serial: str) -> str:
        return hardware_map.port_of(Entry("a", "esp32", serial=serial), profile)

    assert place("0002") == "/dev/ttyUSB2"
    assert place("FT1") == "/dev/ttyUSB1", "the one of its ports that the profile knows"
    with pytest.raises(DeviceError, match="2 ports have the USB serial number 0003"):
        place("0003")
    with pytest.raises(DeviceError, match="serial number 0004, did you mean 0003"):
        place("0004")
