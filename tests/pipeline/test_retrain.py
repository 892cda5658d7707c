"""Retraining: what is merged, what is compared, and when a board gets the new model.

The training is left out: the models are written here, one linear layer that tells from one value
which of two classes it is, with the threshold where the test wants it.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from linear_model import LABELS, SCALE, linear_model

from tinyflow import cache, captures, cli, pipeline
from tinyflow.artifacts import TfliteModel
from tinyflow.captures import Capture, Folder
from tinyflow.config import DatasetConfig
from tinyflow.errors import ModelError, ProjectError
from tinyflow.pipeline import Walk, deployed, merging, retrain, verdict

SPLITS = ("train", "validation", "test")


def samples(threshold: float, count: int, seed: int) -> tuple[Any, Any]:
    """Values from -2 to 4 but not near the threshold, and what they are."""
    x = np.random.default_rng(seed).uniform(-2, 3.9, (count, 2)).astype(np.float32)
    x[np.abs(x[:, 0] - threshold) < 0.1, 0] += 0.3
    return x, (x[:, 0] > threshold).astype(np.int64)


class Project:
    """A project whose board has a model with threshold 0, where the world has moved to 1."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.new = self._file("new", 1.0)
        self.deploys: list[str] = []
        x, y = samples(0.0, 400, 1)
        # Little of the data set is where the two models differ.
        keep = (x[:, 0] < 0) | (x[:, 0] > 1.05)
        np.savez(folder / "data.npz", x=x[keep], y=y[keep], labels=LABELS)
        (folder / "tinyflow.toml").write_text(
            'name = "demo"\nboard = "native"\n[dataset]\nsource = "data.npz"\n'
        )
        monkeypatch.setattr(Walk, "tflite", lambda walk: self.new)
        monkeypatch.setattr(Walk, "image", lambda walk: SimpleNamespace(build_id="b1"))
        monkeypatch.setattr(retrain, "require_way", lambda walk, port: None)
        monkeypatch.setattr(retrain, "deploy_walk", self._deploy)
        monkeypatch.chdir(folder)
        self.deploy(0.0)
        self.captures = folder / "captures"

    def _file(self, name: str, threshold: float) -> TfliteModel:
        path = self.folder / f"{name}.tflite"
        path.write_bytes(linear_model(threshold))
        return TfliteModel(path, cache.file_sha256(path))

    def _deploy(self, walk: Walk, port: str | None) -> dict[str, Any]:
        assert port is None
        self.deploys.append(walk.tflite().sha256)
        deployed.keep_deployed(walk)
        return {"run": "r"}

    def deploy(self, threshold: float) -> None:
        """As if this had been deployed."""
        kept, self.new = self.new, self._file("old", threshold)
        deployed.keep_deployed(pipeline.start(folder=self.folder))
        self.old, self.new = self.new, kept

    def train(self, threshold: float) -> None:
        """From now on training gives this."""
        self.new = self._file("new", threshold)

    def capture(self, count: int, threshold: float = 1.0, seed: int = 2, **changed: Any) -> None:
        folder = Folder(self.captures)
        x, y = samples(threshold, count, seed)
        for values, label in zip(np.clip(np.round(x / SCALE), -128, 127), y, strict=True):
            capture = Capture(
                file="",
                sha256="",
                label=LABELS[label],
                sample=1,
                time=0.0,
                board="native",
                device="d",
                model_sha256=self.old.sha256,
                build_id="b1",
                shape=(2,),
                scale=SCALE,
                zero_point=0,
                dtype="int8",
                predicted="low",
                scores=(0.0, 1.0),
                count=1,
                counter_unit="cycles",
                dropped=0,
            )
            capture = captures.replace(capture, **changed)
            folder.add(capture, values.astype(np.int8).tobytes(), LABELS)

    def retrain(self, **options: Any) -> dict[str, Any]:
        given = {"force": False, "tolerance": verdict.TOLERANCE, **options}
        return retrain.retrain(pipeline.start(), None, self.captures, **given)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


def test_a_better_model_is_deployed_and_is_what_the_next_is_compared_with(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.capture(150)
    assert cli.main(["retrain", "--from", "captures"]) == 0
    lines = capsys.readouterr().out.splitlines()
    header, old, new = (line.split() for line in lines[:3])
    assert header[2:] == ["samples", "deployed", "retrained", "fixed", "broken", "chance"]
    assert old[:2] == ["data", "set"] and old[3:] == ["1.0000", "1.0000", "0", "0", "1.0000"]
    assert new[0] == "captured" and new[3] == "1.0000" and new[5] == "0"
    assert int(new[4]) == round((1 - float(new[2])) * int(new[1])) >= 5
    assert lines[-1] == "deployed to native: it is better"
    assert project.deploys == [project.new.sha256]
    # Now it is the board's; training again gives the same, and nothing is deployed.
    assert cli.main(["retrain", "--from", "captures"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2] == "against it: it is the model that is deployed already"
    assert lines[-1] == "not deployed: native keeps its model (--force deploys anyway)"
    assert len(project.deploys) == 1
    assert json.loads((project.folder / ".tinyflow/deployed/native.json").read_text())[
        "model_sha256"
    ] == (project.new.sha256)


def test_what_was_deployed_with_belongs_to_the_project_s_data(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.capture(150)
    walk = pipeline.start()
    before = walk.dataset()
    assert before.sha256 == walk.source_dataset().sha256  # captured is not taken yet
    assert project.retrain()["own_folder"]
    after = pipeline.start()
    found = captures.read(project.captures, LABELS, (2,))
    merged = merging.merged(after, after.source_dataset(), found)
    assert after.dataset().sha256 == merged.all.sha256 != before.sha256
    # What comes in later waits for the next time; another folder is none of the project's.
    project.capture(20, seed=7)
    assert pipeline.start().dataset().sha256 == merged.all.sha256
    assert captures.taken(project.captures) == found.lines
    project.captures.rename(project.folder / "others")
    assert cli.main(["retrain", "--from", "others", "--force"]) == 0
    assert 'once [dataset] has captures = "others"' in capsys.readouterr().out
    assert pipeline.start().dataset().sha256 == before.sha256
    toml = project.folder / "tinyflow.toml"
    toml.write_text(toml.read_text() + 'captures = "others"\n')
    assert dict_of(pipeline.start().dataset())["train"] > dict_of(merged.all)["train"]
    (project.folder / "others" / "taken.json").write_text("{}")
    with pytest.raises(ProjectError, match="does not say how many"):
        pipeline.start().dataset()


def test_a_worse_one_is_not_unless_forced(project: Project) -> None:
    project.capture(150)
    project.train(1.25)  # better on the captured, but it forgets what it knew
    result = project.retrain()
    assert result["deployed"] is None and project.deploys == []
    assert result["against"][0].startswith("on the data set it is 0.")
    assert "0.01 is allowed (--tolerance)" in result["against"][0]
    assert project.retrain(tolerance=0.5)["deployed"] == {"run": "r"}
    project.deploy(0.0)
    forced = project.retrain(force=True)
    assert forced["forced"] and forced["deployed"] == {"run": "r"}


def test_what_the_budget_forbids_does_not_reach_the_board(project: Project) -> None:
    toml = project.folder / "tinyflow.toml"
    toml.write_text(toml.read_text() + "[budget]\naccuracy = 0.97\n")
    project.capture(60)
    project.train(-1.0)
    before = deployed.last_deployed(pipeline.start())
    with pytest.raises(ModelError) as caught:
        project.retrain(force=True)
    assert caught.value.detail[0].startswith("accuracy: 0.")
    assert project.deploys == [] and deployed.last_deployed(pipeline.start()) == before
    assert captures.taken(project.captures) == 0


def test_what_the_board_has_belongs_to_the_data_whatever_came_then(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(walk: Walk, port: str | None) -> None:
        deployed.keep_deployed(walk)
        raise ModelError("[budget] is not kept", ["latency_us"])

    monkeypatch.setattr(retrain, "deploy_walk", too_slow)
    project.capture(60)
    with pytest.raises(ModelError):
        project.retrain(force=True)
    assert captures.taken(project.captures) == 60


def test_a_few_samples_do_not_decide(project: Project) -> None:
    project.capture(6)
    with pytest.raises(ProjectError, match="5 are the least that can decide"):
        project.retrain()
    project.capture(34)
    project.train(0.2)  # right once or twice where the deployed one is wrong
    result = project.retrain()
    fixed = result["compared"][1]["fixed"]
    assert 1 <= fixed <= 4 and result["compared"][1]["broken"] == 0
    assert result["deployed"] is None
    assert f"it fixes {fixed} and breaks 0 of" in result["against"][0]


def test_chance_is_the_exact_binomial() -> None:
    assert verdict.at_least(5, 5) == 1 / 32
    assert verdict.at_least(4, 4) == 1 / 16
    assert verdict.at_least(0, 0) == 1.0
    assert verdict.at_least(9, 10) == 11 / 1024
    right = np.array([True, True, False, False, False])
    other = np.array([False, True, True, True, False])
    compared = verdict.compare("x", right, other)
    assert (compared.fixed, compared.broken, compared.chance) == (2, 1, 0.5)
    assert (compared.deployed, compared.retrained) == (0.4, 0.6)


def test_no_sample_moves_when_more_are_captured(project: Project) -> None:
    config = DatasetConfig("data.npz")

    def places() -> dict[bytes, str]:
        """The split of each captured sample that the data set does not have."""
        walk = pipeline.start()
        found = captures.read(project.captures, LABELS, (2,))
        place = project.folder / f"merged{len(found.captures)}"
        place.mkdir()
        merged = merging.merge(walk.dataset(), found, config, place)
        for split, old in zip(SPLITS, walk.dataset().splits, strict=True):
            x, y = merged.all.read(split)
            assert np.array_equal(x[: old.samples], walk.dataset().read(split)[0])
            assert len(x) == len(y) == dict_of(merged.all)[split]
        found_in = {row.tobytes(): s for s in SPLITS for row in merged.captured.read(s)[0]}
        assert len(found_in) == len(found.captures) - merged.known
        return found_in

    project.capture(60)
    before = places()
    project.capture(200, seed=5)
    after = places()
    assert len(before) > 50 and len(after) > 240
    assert before.items() <= after.items()
    counts = [list(after.values()).count(split) for split in SPLITS]
    assert all(
        abs(n - len(after) * share) < 30 for n, share in zip(counts, (0.65, 0.15, 0.2), strict=True)
    )


def dict_of(dataset: Any) -> dict[str, int]:
    return {split.name: split.samples for split in dataset.splits}


def test_what_the_data_set_has_already_is_left_out(project: Project) -> None:
    project.capture(20)
    # The board was shown some of the data set itself: its test samples would tell too much.
    x, y = pipeline.start().dataset().read("test")
    folder = Folder(project.captures)
    like = captures.read(project.captures, LABELS, (2,)).captures[0]
    for values, label in zip(like.spec.encode(x[:7]), y[:7], strict=True):
        folder.add(captures.replace(like, label=LABELS[label]), values.tobytes(), LABELS)
    result = project.retrain(force=True)
    assert result["in_data_set"] == 7
    assert sum(result["samples"].values()) == 20


def test_an_older_model_s_samples_are_read_by_its_own_quantisation(project: Project) -> None:
    project.capture(10)
    project.capture(10, seed=3, model_sha256="1" * 64, scale=2 * SCALE, zero_point=5)
    found = captures.read(project.captures, LABELS, (2,))
    ratio = found.features()[10:] / SCALE / 2
    assert np.array_equal(ratio, found.data[10:].astype(np.float32) - 5)
    assert sum(project.retrain(force=True)["samples"].values()) == 20


def test_a_quantisation_that_is_not_the_model_s_is_refused(project: Project) -> None:
    project.capture(8, scale=0.5)
    with pytest.raises(ProjectError) as caught:
        project.retrain()
    assert caught.value.what == f"{project.captures} has 8 samples of another model's quantisation"
    assert caught.value.detail[-1] == "the model that they name has 0.03125 and 0"


def test_without_a_deployed_model_there_is_nothing_to_compare_with(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    record = project.folder / ".tinyflow" / "deployed" / "native.json"
    text = record.read_text()
    record.unlink()
    project.capture(3)
    assert cli.main(["retrain", "--from", "captures"]) == 2
    assert capsys.readouterr().err == (
        "error: no model of this project was deployed to board native yet\n"
        "  a new model is compared with the one that the board has\n"
        "  hint: tinyflow deploy --board native\n"
    )
    record.write_text(text[:40])
    with pytest.raises(ProjectError, match="cannot be read"):
        project.retrain()
    record.write_text(text)
    (record.parent / json.loads(text)["model"]).write_bytes(b"other")
    with pytest.raises(ProjectError, match="is not the model that was deployed"):
        project.retrain()


def test_a_changed_data_set_is_told(project: Project) -> None:
    project.capture(150)
    x, y = samples(0.0, 120, 9)
    np.savez(project.folder / "data.npz", x=x, y=y, labels=LABELS)
    assert project.retrain()["data_set_changed"]
