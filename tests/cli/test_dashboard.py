"""`tinyflow dashboard` as a program."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from web_client import events, get

from tinyflow import cli
from tinyflow.artifacts import MetricRow
from tinyflow.monitor import Store, dashboard


def test_ctrl_c_ends_it_at_once_with_a_page_open(tmp_path: Path) -> None:
    with Store(tmp_path / "rows.sqlite") as store:
        store.append([MetricRow("r", "b", "device", "x", 1.0, "", 1.0)])
    program = subprocess.Popen(
        [sys.executable, "-m", "tinyflow", "dashboard", "--store", "rows.sqlite", "--port", "0",
         "--no-open", "--token", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert program.stderr is not None
        said = program.stderr.readline().split()
        assert said[:3] == ["serving", "rows.sqlite", "at"]
        assert program.stderr.readline() == "Ctrl-C ends it\n"
        address, _, token = said[3].partition("?token=")
        port = int(address.rstrip("/").rpartition(":")[2])
        bearer = f"Bearer {token}"
        assert get(port, "/api/series").status == 401
        with events(port, Authorization=bearer) as stream:
            assert next(stream)[1] == "rows"
            program.send_signal(signal.SIGINT)
            out, err = program.communicate(timeout=20)
    finally:
        program.kill()
        program.wait()
    assert program.returncode == 0
    assert err == ""
    assert address in out
    assert token not in out


def test_a_missing_store_is_told_before_anything_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["dashboard", "--no-open"]) == 2
    said = capsys.readouterr().err
    assert "metrics.sqlite is not there" in said
    assert "hint: tinyflow monitor" in said
    (tmp_path / "diary").write_bytes(b"not a database" * 200)
    assert cli.main(["dashboard", "--store", "diary", "--no-open"]) == 2
    assert "no store of metric rows" in capsys.readouterr().err


def test_it_may_be_started_before_the_projects_first_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dashboard.Server, "run", interrupt)
    (tmp_path / "tinyflow.toml").touch()
    assert cli.main(["dashboard", "--no-open", "--port", "0"]) == 0
    assert "no rows yet: the page waits for `tinyflow monitor`" in capsys.readouterr().err
    assert cli.main(["dashboard", "--no-open", "--store", "other.sqlite"]) == 2
