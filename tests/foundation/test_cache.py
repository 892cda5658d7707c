"""The stage cache: hits, misses, interruption, moved projects."""

import dataclasses
import os
import shutil
from pathlib import Path

import pytest

from tinyflow import cache


@dataclasses.dataclass(frozen=True)
class Made:
    path: Path
    parts: tuple[Path, ...]
    size: int


def make(folder: Path) -> Made:
    (folder / "a.bin").write_bytes(b"abc")
    return Made(folder / "a.bin", (folder / "a.bin",), 3)


def refuse(folder: Path) -> Made:
    raise AssertionError("made again")


def test_the_same_inputs_are_made_once(tmp_path: Path) -> None:
    store = cache.Cache(tmp_path)
    first = store.get("stage", Made, {"x": 1}, make)
    assert first.path.read_bytes() == b"abc"
    assert store.get("stage", Made, {"x": 1}, refuse) == first
    assert store.get("stage", Made, {"x": 2}, make).path != first.path


def test_an_interrupted_stage_leaves_nothing_and_starts_again(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> Made:
        make(folder)
        raise KeyboardInterrupt

    store = cache.Cache(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        store.get("stage", Made, {}, interrupted)
    assert list((tmp_path / "stage").iterdir()) == []
    assert store.get("stage", Made, {}, make).size == 3


def test_a_killed_runs_rest_is_swept_but_a_running_ones_is_not(tmp_path: Path) -> None:
    dead = tmp_path / "stage" / ".partial-abc-999999999"
    alive = tmp_path / "stage" / f".partial-abc-{os.getppid()}"
    dead.mkdir(parents=True)
    alive.mkdir()
    cache.Cache(tmp_path).get("stage", Made, {}, make)
    assert not dead.exists()
    assert alive.exists()


def test_a_damaged_record_is_made_again(tmp_path: Path) -> None:
    store = cache.Cache(tmp_path)
    home = store.get("stage", Made, {}, make).path.parent
    (home / cache.RECORD).write_text('{"path": 3')
    assert store.get("stage", Made, {}, make).size == 3


def test_what_another_process_made_meanwhile_is_kept(tmp_path: Path) -> None:
    def overtaken(folder: Path) -> Made:
        other = cache.Cache(tmp_path / "other").get("stage", Made, {"x": 1}, make).path.parent
        home = shutil.copytree(other, tmp_path / "stage" / other.name)
        (home / "a.bin").write_bytes(b"theirs")
        return make(folder)

    kept = cache.Cache(tmp_path).get("stage", Made, {"x": 1}, overtaken)
    assert kept.path.read_bytes() == b"theirs"
    assert list((tmp_path / "stage").iterdir()) == [kept.path.parent]


def test_a_moved_project_keeps_its_cache(tmp_path: Path) -> None:
    cache.Cache(tmp_path / "old").get("stage", Made, {}, make)
    shutil.move(tmp_path / "old", tmp_path / "new")
    kept = cache.Cache(tmp_path / "new").get("stage", Made, {}, refuse)
    assert kept.parts[0].read_bytes() == b"abc"


def test_code_hash_follows_the_files_and_fails_on_unknown_ones() -> None:
    assert cache.code_sha256(["errors.py"]) != cache.code_sha256(["paths.py"])
    assert cache.code_sha256(["errors.py"]) == cache.code_sha256(["errors.py"])
    with pytest.raises(FileNotFoundError):
        cache.code_sha256(["no_such_module.py"])
