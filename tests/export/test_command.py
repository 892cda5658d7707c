"""`tinyflow export`: where it writes, what it replaces, what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tinyflow import checksums, cli
from tinyflow.errors import ProjectError
from tinyflow.pipeline import folders

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"


def export(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, object]]:
    status = cli.main(["export", str(DIGITS), "--json", *options])
    result: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return status, result


def test_an_export_is_renewed_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "libraries" / "digits"
    status, result = export(capsys, "-o", str(target))
    assert status == 0
    assert result["formats"] == ["c", "cmake", "platformio", "arduino", "esp-idf", "zephyr"]
    assert result["files"] == [name for name in checksums.listing(target) if name != "SHA256SUMS"]
    (target / "mine.txt").write_text("notes")
    (target / "examples" / "mine.ino").write_text("sketch")
    status, result = export(capsys, "-o", str(target), "--format", "platformio", "--name", "net")
    assert status == 0
    assert result["model"] == "net"
    left = checksums.listing(target)
    assert "library.json" in left
    assert "src/net_run.h" in left
    assert "src/digits_run.h" not in left
    assert not (target / "zephyr").exists()
    assert {"mine.txt", "examples/mine.ino"} <= set(left)
    assert list(target.parent.iterdir()) == [target]


def test_only_its_own_folder_is_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "thesis.txt").write_text("years of work")
    status, result = export(capsys, "-o", "there")
    assert (status, result["error"]) == (2, "project")
    assert "is there already" in str(result["what"])
    # A folder with sums of somebody else's, and a file where the folder should be.
    checksums.write(tmp_path / "there")
    (tmp_path / "there" / "NOTICE").write_text("something else\n")
    assert export(capsys, "-o", "there")[0] == 2
    assert (tmp_path / "there" / "thesis.txt").read_text() == "years of work"
    (tmp_path / "file").write_text("")
    assert export(capsys, "-o", "file")[0] == 2


def test_a_failed_export_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "library"
    with folders.renewed(target) as fresh:
        (fresh / "NOTICE").write_text("x: written by tinyflow\n")
        checksums.write(fresh)
    before = {name: (target / name).read_bytes() for name in checksums.listing(target)}
    with pytest.raises(KeyError), folders.renewed(target) as fresh:
        (fresh / "NOTICE").write_text("other")
        raise KeyError
    assert {n: (target / n).read_bytes() for n in checksums.listing(target)} == before
    (target / "mine").write_text("")
    with (
        pytest.raises(ProjectError, match="has files in the way"),
        folders.renewed(target) as fresh,
    ):
        (fresh / "mine").write_text("not mine")


def test_what_an_interruption_leaves_can_be_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "library"

    def write(*names: str) -> None:
        with folders.renewed(target) as fresh:
            for name in ("NOTICE", *names):
                (fresh / name).write_text("x: written by tinyflow\n")
            checksums.write(fresh)

    write("old", "both")
    move = Path.replace
    for wanted in ("both", "new", "NOTICE", checksums.NAME):

        def interrupted(self: Path, to: Path, wanted: str = wanted) -> Path:
            if self.name == wanted:
                raise KeyboardInterrupt
            return move(self, to)

        monkeypatch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write("new", "both")
    monkeypatch.undo()
    write("new", "both")
    assert checksums.listing(target) == ["NOTICE", "SHA256SUMS", "both", "new"]
    assert checksums.differences(target, checksums.read(target)) == []


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        f"{'0' * 64}  ../outside",
        f"{'0' * 64}  /etc/passwd",
        f"{'0' * 64}  a/./b",
        f"{'0' * 64}  C:x",
        f"{'0' * 64}  a\\b",
        f"{'0' * 64}  twice\n{'0' * 64}  twice",
        "x" * (checksums.MAX_BYTES + 1),
        f"{'0' * 64}  a\n" * (checksums.MAX_FILES + 1),
    ],
)
def test_sums_from_outside_are_bounded_and_stay_inside(line: str, tmp_path: Path) -> None:
    (tmp_path / checksums.NAME).write_text(line + "\n")
    with pytest.raises(ProjectError, match=checksums.NAME):
        checksums.read(tmp_path)


def test_differences_are_named(tmp_path: Path) -> None:
    for name in ("same", "changed", "gone"):
        (tmp_path / name).write_text(name)
    checksums.write(tmp_path)
    (tmp_path / "changed").write_text("otherwise")
    (tmp_path / "gone").unlink()
    (tmp_path / "new").symlink_to("same")
    assert checksums.differences(tmp_path, checksums.read(tmp_path)) == [
        "gone is missing",
        "new is not listed",
        "changed was changed",
    ]
