"""A folder of captured samples: what a crash leaves, double labels, and what cannot be used."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyflow import captures
from tinyflow.captures import ADDED, AGAIN, OTHER_LABEL, Capture, Folder
from tinyflow.errors import ProjectError

LABELS = ("no", "yes", "../etc")
SHAPE = (2, 3)
BLANK = Capture(
    file="",
    sha256="",
    label="yes",
    sample=1,
    time=1700000000.5,
    board="native",
    device="/dev/pts/3",
    model_sha256="ab" * 32,
    build_id="b1",
    shape=SHAPE,
    scale=float(np.float32(0.1)),
    zero_point=-3,
    dtype="int8",
    predicted="no",
    scores=(0.75, 0.25, 0.0),
    count=900,
    counter_unit="cycles",
    dropped=4,
)


def data(seed: int) -> bytes:
    return np.random.default_rng(seed).integers(-128, 128, 6, dtype=np.int8).tobytes()


def filled(path: Path, count: int = 3) -> Folder:
    folder = Folder(path)
    for seed in range(count):
        assert folder.add(BLANK, data(seed), LABELS)[0] == ADDED
    return folder


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (path / "index.jsonl").read_text().splitlines()]


def rewrite(path: Path, changed: list[dict[str, object]]) -> None:
    (path / "index.jsonl").write_text("".join(json.dumps(line) + "\n" for line in changed))


def findings(path: Path) -> tuple[str, ...]:
    with pytest.raises(ProjectError) as caught:
        captures.read(path, LABELS, SHAPE)
    return caught.value.detail


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    filled(tmp_path)
    found = captures.read(tmp_path, LABELS, SHAPE)
    assert [row.tobytes() for row in found.data] == [data(seed) for seed in range(3)]
    assert (found.removed, found.repeated) == (0, 0)
    first = found.captures[0]
    assert replace(first, file="", sha256="") == BLANK
    stored = np.load(tmp_path / first.file, allow_pickle=False)
    assert (stored.dtype, stored.shape) == (np.int8, SHAPE)
    assert first.file == f"yes/{first.sha256[:16]}.npy"
    # Real values, from which the model's own quantisation gives the same bytes again.
    features = found.features()
    assert (features.dtype, features.shape) == (np.float32, (3, *SHAPE))
    assert np.array_equal(first.spec.encode(features), found.data)


def test_every_value_survives_its_way_to_a_feature_and_back() -> None:
    values = np.arange(-128, 128, dtype=np.int8).reshape(1, -1)
    for scale in (1e-4, 1 / 255, 0.0156856, 0.37, 3.0):
        for zero_point in (-128, -3, 0, 127):
            given = replace(BLANK, scale=float(np.float32(scale)), zero_point=zero_point)
            spec = replace(given, shape=(256,)).spec
            assert np.array_equal(spec.encode(spec.decode(values)), values)


def test_one_sample_is_there_once_and_under_one_label(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    assert folder.add(BLANK, data(1), LABELS) == (AGAIN, "")
    assert folder.add(replace(BLANK, label="no"), data(1), LABELS) == (OTHER_LABEL, "")
    # Of a model that means something else by the same bytes it is another sample.
    assert folder.add(replace(BLANK, scale=0.5), data(1), LABELS)[0] == ADDED
    # Another day, another process.
    assert Folder(tmp_path).add(BLANK, data(2), LABELS) == (AGAIN, "")
    assert len(lines(tmp_path)) == 4


def test_deleting_a_file_takes_its_sample_back(tmp_path: Path) -> None:
    filled(tmp_path)
    gone = tmp_path / str(lines(tmp_path)[1]["file"])
    gone.unlink()
    found = captures.read(tmp_path, LABELS, SHAPE)
    assert (len(found.captures), found.removed) == (2, 1)
    folder = Folder(tmp_path)
    assert folder.add(replace(BLANK, label="no"), data(1), LABELS)[0] == ADDED
    found = captures.read(tmp_path, LABELS, SHAPE)
    assert sorted(c.label for c in found.captures) == ["no", "yes", "yes"]


def test_a_line_that_was_cut_off_is_taken_away(tmp_path: Path) -> None:
    filled(tmp_path)
    index = tmp_path / "index.jsonl"
    whole = index.read_bytes()
    for cut in (1, 100, len(whole) // 3 + 5):
        index.write_bytes(whole[:-cut])
        kept = whole[:-cut].count(b"\n")
        assert len(captures.read(tmp_path, LABELS, SHAPE).captures) == kept
        folder = Folder(tmp_path)
        assert index.read_bytes() == b"".join(whole.splitlines(keepends=True)[:kept])
        for seed in range(3):
            folder.add(BLANK, data(seed), LABELS)
        assert len(captures.read(tmp_path, LABELS, SHAPE).captures) == 3


def test_a_killed_writer_leaves_what_it_told(tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]\n"
        "from test_captures import *\n"
        f"folder = Folder(Path({str(tmp_path)!r}))\n"
        "for seed in range(100000):\n"
        "    folder.add(BLANK, data(seed), LABELS)\n"
        "    print(seed, flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        told = [int(child.stdout.readline()) for _ in range(20)]
    finally:
        child.send_signal(signal.SIGKILL)
        told += [int(line) for line in child.stdout.read().split("\n")[:-1]]
        child.stdout.close()
        child.wait(30)
    Folder(tmp_path)
    found = captures.read(tmp_path, LABELS, SHAPE)
    assert len(found.captures) in (len(told), len(told) + 1)
    assert [row.tobytes() for row in found.data[: len(told)]] == [data(seed) for seed in told]


def test_a_full_disk_is_told_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = filled(tmp_path)
    before = (tmp_path / "index.jsonl").read_bytes()
    calls = iter([None, None, OSError(28, "No space left on device")])  # the index's is the third

    def fsync(descriptor: int) -> None:
        if (error := next(calls, None)) is not None:
            raise error

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(ProjectError) as caught:
        folder.add(BLANK, data(9), LABELS)
    assert str(caught.value) == (
        f"{tmp_path} cannot be used: No space left on device\n  samples kept before are still there"
    )
    assert (tmp_path / "index.jsonl").read_bytes() == before


def test_a_disk_that_is_full_in_the_middle_of_a_line_leaves_none_of_it(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    folder = filled(tmp_path)
    before = (tmp_path / "index.jsonl").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 50, limits[1]))
    try:
        with pytest.raises(ProjectError, match="cannot be used: "):
            folder.add(BLANK, data(9), LABELS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "index.jsonl").read_bytes() == before
    assert folder.add(BLANK, data(9), LABELS)[0] == ADDED


def test_a_label_that_is_no_name_of_a_folder_gets_another(tmp_path: Path) -> None:
    outcome, file = Folder(tmp_path).add(replace(BLANK, label="../etc"), data(1), LABELS)
    assert (outcome, file.split("/")[0]) == (ADDED, "class_2")
    assert captures.read(tmp_path, LABELS, SHAPE).captures[0].label == "../etc"


def test_everything_that_cannot_be_used_is_told_at_once(tmp_path: Path) -> None:
    filled(tmp_path, 10)
    changed = lines(tmp_path)
    files = [str(line["file"]) for line in changed]
    changed[1]["label"] = "yess"
    changed[2]["shape"] = [3, 2]
    changed[3]["scale"] = 0.25
    changed[4]["file"] = "../../secret.npy"
    changed[5]["zero_point"] = "0"
    changed.append({**changed[9], "label": "no"})
    rewrite(tmp_path, changed)
    (tmp_path / files[6]).write_bytes(b"\x93NUMPY")
    np.save(tmp_path / files[7], np.zeros(SHAPE, np.int8))
    np.save(tmp_path / files[8], np.array([{}, {}], dtype=object), allow_pickle=True)
    with (tmp_path / "index.jsonl").open("a") as index:
        index.write("[]\n")
    told = findings(tmp_path)
    assert (
        told[0] == f"line 2, {files[1]}: label 'yess' is none of the project's, did you mean yes?"
    )
    assert told[1] == f"line 3, {files[2]}: shape [3, 2], the data set has [2, 3]"
    assert "scale 0.25 and zero_point -3 are another model's: abababababababab has 0.1" in told[2]
    assert told[3] == "line 5, ../../secret.npy: file is not <label>/<id>.npy"
    assert told[4].startswith("line 6: zero_point: Input should be a valid integer")
    assert all("damaged: " in line for line in told[5:8])
    assert told[6].endswith("its content is not what was captured")
    assert "pickle" in told[7] or "Object arrays" in told[7] or "B" in told[7]
    assert told[8] == f"line 11, {files[9]}: the same sample is yes in {files[9]}"
    assert told[9].startswith("line 12: it: ")
    assert len(told) == 10


def test_a_deleted_sample_is_not_asked_about(tmp_path: Path) -> None:
    filled(tmp_path)
    changed = lines(tmp_path)
    rewrite(tmp_path, [{**changed[0], "label": "yess"}, *changed[1:]])
    assert len(findings(tmp_path)) == 1
    (tmp_path / str(changed[0]["file"])).unlink()
    assert captures.read(tmp_path, LABELS, SHAPE).removed == 1


def test_what_came_in_twice_counts_once(tmp_path: Path) -> None:
    filled(tmp_path)
    rewrite(tmp_path, [*lines(tmp_path), lines(tmp_path)[0]])  # two programs at the same time
    found = captures.read(tmp_path, LABELS, SHAPE)
    assert (len(found.captures), found.repeated) == (3, 1)


def test_a_folder_without_samples(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="has no captured samples"):
        captures.read(tmp_path, LABELS, SHAPE)
    filled(tmp_path, 1)
    (tmp_path / str(lines(tmp_path)[0]["file"])).unlink()
    assert findings(tmp_path) == ("1 were deleted",)
    captures.take(tmp_path, 1)  # they belong to the project's data
    with pytest.raises(ProjectError) as caught:
        captures.read(tmp_path, LABELS, SHAPE)
    assert caught.value.hints == (f"delete {tmp_path / 'taken.json'} to do without them",)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError, match="cannot be used: "):
        Folder(tmp_path / "file" / "captures")
