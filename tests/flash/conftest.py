"""What tests of runners share: programs on PATH that only talk, and a machine's serial ports."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from serial.tools import list_ports
from stand_ins import VERSIONS

from tinyflow import process
from tinyflow.flash import bossac

Says = Callable[..., None]


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Says:
    """Puts a stand-in on PATH that says something, and keeps what it was told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(process, "scripts_folder", lambda: folder)

    def install(name: str, text: str, status: int = 0) -> None:
        version = 1 if name == "bossac" else 0
        script = folder / name
        script.write_text(
            f"#!{sys.executable}\nimport sys\n"
            f"if sys.argv[1] in ('version', '--version', '--help'):\n"
            f"    print({VERSIONS[name]!r}); sys.exit({version})\n"
            f"open({str(tmp_path / 'told')!r}, 'w').write(chr(10).join(sys.argv[1:]))\n"
            f"print({text!r}); sys.exit({status})\n",
            encoding="utf-8",
        )
        script.chmod(0o755)

    return install


@pytest.fixture
def bootloader(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """This machine's serial ports: one, the bootloader of an Arduino, which stays."""
    monkeypatch.setattr(bossac, "GONE_SECONDS", 0.0)
    ports = [SimpleNamespace(device="/dev/ttyACM3", vid=0x2341, pid=0x005A, serial_number="7")]
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    return ports
