"""The tables of `tinyflow profile`, as people read them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import pytest

from tinyflow import cli
from tinyflow.artifacts import Cycles, Estimate, Footprint, LayerProfile, Profile
from tinyflow.pipeline import profile as profiles

LAYERS = (
    LayerProfile(0, "a", "CONV_2D", "direct", (1, 8, 8, 16), 9216, 12_345, 320, 1024, 288, 1),
    LayerProfile(1, "b", "FULLY_CONNECTED", "plain", (1, 10), 640, 6_789, 660, 10, 0, 2),
    LayerProfile(2, "c", "SOFTMAX", "plain", (1, 10), 0, 2_000, 0, 10, 0, 3),
)
MEASURED = Profile(
    *("net", "0" * 64, "nucleo-f446re", "cmake", "armv7em", "cycles", 21_140, 6, LAYERS, 980, 1328),
    footprint=Footprint(2100, 3500, 1328, 12_800, 14_200),
    latency_us=117.444,
)
ESTIMATED = replace(
    MEASURED,
    unit="instructions",
    latency_us=None,
    footprint=Footprint(2100, 3500, 1328),
    layers=tuple(replace(item, cycles=Cycles(item.count, 3 * item.count)) for item in LAYERS),
    estimate=Estimate(
        *("cortex-m4", "qemu-m4", Cycles(21_134, 63_402), 180_000_000),
        basis=("not measured: weighed", "a table"),
    ),
)


@pytest.mark.parametrize(("name", "found"), [("measured", MEASURED), ("estimated", ESTIMATED)])
def test_the_table(
    name: str,
    found: Profile,
    tmp_path: Path,
    golden: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(profiles, "profile", lambda walk, port, estimate: found)
    command = ["profile", "net.tflite", "--board", "qemu-m4", "--html", "page.html"]
    assert cli.main(command) == 0
    golden(f"profile/{name}.txt", capsys.readouterr().out)
    assert "<svg" in Path("page.html").read_text()


def test_a_narrow_terminal_gets_fewer_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(profiles, "profile", lambda walk, port, estimate: ESTIMATED)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for width, last in ((120, "scratch B"), (90, "share"), (75, "share")):
        monkeypatch.setenv("COLUMNS", str(width))
        assert cli.main(["profile", "net.tflite", "--board", "qemu-m4"]) == 0
        head, *rows = click.unstyle(capsys.readouterr().out).splitlines()[:4]
        assert head.endswith(last)
        assert [row.split()[1] for row in rows] == ["CONV_2D", "FULLY_CONNECTED", "SOFTMAX"]
        assert max(map(len, (head, *rows))) <= width
        assert ("variant" in head) == (width > 80)


def test_an_estimate_takes_no_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["profile", "net.tflite", "--board", "qemu-m4", "--estimate", "--port", "/dev/x"]
    assert cli.main(command) == 2
    assert "takes no --port" in capsys.readouterr().err
