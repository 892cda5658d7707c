"""`tinyflow ports` and `tinyflow reset`, with fake ports and a board that is a host process."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from fake_board import build_board, running
from serial.tools import list_ports as pyserial
from serial.tools.list_ports_common import ListPortInfo

from tinyflow import cli, port_faults
from tinyflow.device.hardware_map import load_map


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[ListPortInfo]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    there: list[ListPortInfo] = []
    monkeypatch.setattr(pyserial, "comports", lambda: list(there))
    return there


def info(path: str, vendor: int | None = None, product: int | None = None) -> ListPortInfo:
    port = ListPortInfo(path, skip_link_detection=True)
    port.vid, port.pid, port.serial_number, port.location = vendor, product, "0001", "1-2"
    port.description = "CP2102 bridge"
    return port


def test_ports_are_listed_with_boards_and_holders(
    ports: list[ListPortInfo], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ports += [info("COM3", 0x10C4, 0xEA60), info("COM4", 0x1234, 0x5678)]
    monkeypatch.setattr(port_faults, "holders", lambda paths: {"COM4": [(4711, "picocom")]})
    assert cli.main(["ports", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["ports"]
    assert (first["path"], first["vendor"], first["product"]) == ("COM3", 0x10C4, 0xEA60)
    assert (first["serial"], first["location"], first["held_by"]) == ("0001", "1-2", [])
    assert "esp32" in first["boards"]
    assert second["boards"] == []
    assert second["held_by"] == [{"pid": 4711, "program": "picocom"}]

    assert cli.main(["ports"]) == 0
    _, *rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("COM")]
    assert rows == [row for row in rows if "in use by picocom (pid 4711)" in row] != []


def test_a_port_that_this_user_may_not_open_is_marked(
    ports: list[ListPortInfo], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ports.append(info("/dev/ttyUSB0", 0x10C4, 0xEA60))
    monkeypatch.setattr(os, "access", lambda path, mode: path != "/dev/ttyUSB0")
    cli.main(["ports"])
    assert "this user may not open it" in capsys.readouterr().out


def test_ports_are_printed_as_a_hardware_map(
    ports: list[ListPortInfo], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["ports", "--hardware-map"]) == 5
    assert "no port is one of a board's that is known" in capsys.readouterr().err
    unnamed = info("COM4", 0x10C4, 0xEA60)
    unnamed.serial_number = None
    ports += [info("COM3", 0x10C4, 0xEA60), unnamed, info("COM5", 0x1234, 0x5678)]
    assert cli.main(["ports", "--hardware-map"]) == 0
    file = tmp_path / "map.yaml"
    file.write_text(capsys.readouterr().out)
    assert [(entry.name, entry.serial, entry.port) for entry in load_map(file).boards] == [
        ("board-1", "0001", ""),
        ("board-2", "", "COM4"),
    ]
    ports.append(info("COM6", 0x10C4, 0xEA60))  # of the same serial number as COM3
    assert cli.main(["ports", "--hardware-map"]) == 0
    file.write_text(capsys.readouterr().out)
    assert [entry.port for entry in load_map(file).boards] == ["COM3", "COM4", "COM6"]


def test_a_machine_without_ports(
    ports: list[ListPortInfo], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["ports"]) == 0
    assert capsys.readouterr().out == "this machine has no serial ports\n"


def test_a_board_is_restarted(
    ports: list[ListPortInfo], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(build_board(tmp_path)) as place:
        reset = ["reset", "--board", "native", "--port", place.port]
        assert cli.main(reset) == 0
        assert capsys.readouterr().out.splitlines() == [
            "board     native",
            "reset by  asking its firmware",
            "into      its firmware",
            "seen to   yes",
            f"port      {place.port}",
        ]
        assert cli.main([*reset, "--bootloader", "--json"]) == 5
        assert "does not restart" in json.loads(capsys.readouterr().out)["what"]


def test_an_emulated_board_without_a_port_is_not_there_to_restart(
    ports: list[ListPortInfo], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["reset", "--board", "native"]) == 2
    assert "board native is a program on this machine" in capsys.readouterr().err
    assert cli.main(["reset"]) == 2
    assert "no board was named" in capsys.readouterr().err
