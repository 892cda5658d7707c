"""The files of the page, and D3 out of the package that carries it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tinyflow.errors import ToolError
from tinyflow.monitor.dashboard import assets


class Elsewhere:
    """An installed package whose files are in another folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def locate_file(self, name: str) -> Path:
        return self.folder / name


def test_all_that_the_page_names_is_there() -> None:
    found = assets.load()
    page = found["/"].content.decode()
    for path in ("/static/main.js", "/static/style.css", "/d3.js", "/d3-licence.txt"):
        assert f'"{path}"' in page
        assert found[path].content
    for path, file in found.items():
        if path.startswith("/static/") and path.endswith(".js"):
            for line in file.content.decode().splitlines():
                if line.startswith("import "):
                    name = line.split('"')[1].removeprefix("./")
                    assert f"/static/{name}" in found, line


def test_d3_that_is_missing_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    with pytest.raises(ToolError, match="package gravis is not installed") as caught:
        assets.load()
    assert caught.value.hints == ("pip install --force-reinstall --no-deps gravis==0.1.0",)


def test_another_d3_is_not_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "distribution", lambda name: Elsewhere(tmp_path))
    with pytest.raises(ToolError, match="No such file"):
        assets.load()
    file = tmp_path / assets.D3_FILE
    file.parent.mkdir(parents=True)
    file.write_text("steal()", encoding="utf-8")
    with pytest.raises(ToolError, match="is not the file that tinyflow was tested with"):
        assets.load()


def test_no_file_of_the_page_outgrows_its_room() -> None:
    for path, file in assets.load().items():
        if path.startswith("/static/"):
            assert len(file.content.splitlines()) <= 400, path
            assert b"http://" not in file.content.replace(b"http://www.w3.org/2000/svg", b"")
            assert b"https://" not in file.content
