"""The wheel carries what a user needs, and works away from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout and unpacked into an empty folder."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tinyflow", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_holds_boards_templates_firmware_and_examples(installed: Path) -> None:
    data = installed / "tinyflow" / "data"
    for name in ("boards", "templates", "firmware", "examples"):
        ours = {p.relative_to(ROOT / name) for p in (ROOT / name).rglob("*") if p.is_file()}
        theirs = {p.relative_to(data / name) for p in (data / name).rglob("*") if p.is_file()}
        assert {path for path in ours if "__pycache__" not in path.parts} == theirs
    assert list(installed.glob("tinyflow-*.dist-info/licenses/LICENSE"))


def test_it_works_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = "import tinyflow; print(tinyflow.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where],
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert found.stdout.startswith(str(installed))
    assert "qemu-m4" in run(installed, tmp_path, "boards").stdout
    assert run(installed, tmp_path, "init", "digits").returncode == 0
    model = str(ROOT / "tests" / "models" / "digits.tflite")
    done = run(installed, tmp_path, "build", model, "--board", "qemu-m4", "--json")
    assert done.returncode == 0, done.stderr
