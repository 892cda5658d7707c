"""`retrain`: a model from the data set and captured samples, on the board if it is better."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyflow import captures, progress
from tinyflow.errors import ProjectError
from tinyflow.pipeline import Walk, merging, verdict
from tinyflow.pipeline.deploy import deploy_walk, require_way
from tinyflow.pipeline.deployed import Deployed, last_deployed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tinyflow.artifacts import Dataset
    from tinyflow.captures import Captured

STAGE = "retrain"


def retrain(
    walk: Walk, port: str | None, folder: Path, *, force: bool, tolerance: float
) -> dict[str, Any]:
    """Train with the samples in `folder`, compare with the deployed model, deploy if better.

    `tolerance` is how much accuracy may be lost on the data set's own test split; see
    `verdict.against`. With `force` the new model is deployed whatever it is. Everything that was
    made is kept when it is interrupted. Raises ProjectError with all that is wrong with the
    folder, and where it has too few samples to decide; ModelError where the budget forbids the
    model, before the board has it but for what only a board can tell.
    """
    from tinyflow import evaluation

    require_way(walk, port)
    before, dataset = last_deployed(walk), walk.source_dataset()
    captured = captures.read(folder, dataset.labels, dataset.input_shape)
    _check_quantization(folder, captured, before)
    merged = merging.merged(walk, dataset, captured)
    tests = merged.captured.splits[-1].samples
    if tests < verdict.LEAST_SAMPLES and not force:
        raise ProjectError(
            f"{folder} has {tests} sample{'s' * (tests != 1)} to test with, "
            f"{verdict.LEAST_SAMPLES} are the least that can decide",
            [
                f"of {len(captured.captures)} captured, {merged.known} are in the data set; "
                f"{_shares(merged.captured)}"
            ],
            ["capture more", "add --force to deploy without a decision"],
        )
    new = replace(walk, dataset_override=merged.all)
    model = new.tflite()
    compared = [
        verdict.compare(
            name,
            _right(before.model, tested, before.board),
            _right(model.path, tested, before.board),
        )
        for name, tested in (("data set", dataset), ("captured", merged.captured))
    ]
    right = sum(each.retrained * each.samples for each in compared)
    accuracy = right / sum(each.samples for each in compared)
    reasons = verdict.against(compared[0], compared[1], tolerance)
    if model.sha256 == before.model_sha256:
        reasons = ("it is the model that is deployed already",)
    deployed = None
    try:
        if force or not reasons:
            # Before the board has it: after that it would be too late to keep the old one.
            evaluation.check_budget(walk.require_project().config.budget, {"accuracy": accuracy})
            deployed = deploy_walk(new, port)
    finally:
        if last_deployed(walk).model_sha256 == model.sha256:
            captures.take(folder, captured.lines)
    return {
        "board": before.board,
        "folder": str(folder),
        "samples": {split.name: split.samples for split in merged.captured.splits},
        "removed": captured.removed,
        "repeated": captured.repeated,
        "in_data_set": merged.known,
        "deployed_model": before.model_sha256,
        "retrained_model": model.sha256,
        "data_set_changed": before.dataset_sha256 != dataset.sha256,
        "compared": [each.as_json() for each in compared],
        "tolerance": tolerance,
        "against": list(reasons),
        "forced": bool(force and reasons),
        "own_folder": merging.own_folder(walk).resolve() == folder.resolve(),
        "deployed": deployed,
    }


def _right(model: Path, dataset: Dataset, board: str) -> NDArray[np.bool_]:
    """Which test samples a .tflite gets right, as its C computes it."""
    from tinyflow.compiler.host import load

    features, classes = dataset.read("test")
    progress.report(STAGE, f"{model.name} on {len(features)} samples")
    with load(model) as host:
        if host.compiled.output.elements != len(dataset.labels):
            raise ProjectError(
                f"{model.name} tells {host.compiled.output.elements} classes apart, "
                f"the data set has {len(dataset.labels)}",
                ["they cannot be compared"],
                [f"tinyflow deploy --board {board}"],
            )
        answers = []
        for sample in features:
            host.reset()
            answers.append(int(host.predict(sample[None]).reshape(-1).argmax()))
    right: NDArray[np.bool_] = classes == answers
    return right


def _check_quantization(folder: Path, captured: Captured, before: Deployed) -> None:
    """Samples of the deployed model must have its quantisation; those of an older one have that
    one's, by which they are read."""
    from tinyflow import compiler

    spec, _ = compiler.input_output(before.model)
    wrong = [
        f"{c.file}: scale {c.scale:g} and zero_point {c.zero_point}"
        for c in captured.captures
        if c.model_sha256 == before.model_sha256
        and ((c.zero_point != spec.zero_point) or abs(c.scale - spec.scale) > 1e-6 * spec.scale)
    ]
    if wrong:
        more = [f"and {len(wrong) - captures.MAX_SHOWN} more"] * (len(wrong) > captures.MAX_SHOWN)
        raise ProjectError(
            f"{folder} has {len(wrong)} samples of another model's quantisation",
            [
                *wrong[: captures.MAX_SHOWN],
                *more,
                f"the model that they name has {spec.scale:g} and {spec.zero_point}",
            ],
        )


def _shares(dataset: Dataset) -> str:
    return ", ".join(f"{split.name} {split.samples}" for split in dataset.splits)
