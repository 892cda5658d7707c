"""Judges the models of a project on its test split, whatever runs them, by the same code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tinyflow import progress
from tinyflow.artifacts import Dataset, Evaluation
from tinyflow.errors import ProjectError, ToolError
from tinyflow.pipeline import Walk
from tinyflow.pipeline.inputs import real_inputs

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes, Floats, TensorSpec


@dataclass(frozen=True)
class Answers:
    """A predictor whose outputs are known already: what a board answered, judged like any other."""

    where: str
    input: TensorSpec
    output: TensorSpec
    outputs: Bytes

    def predict(self, features: Floats) -> Floats:
        return self.output.decode(self.outputs)


def evaluate_float(walk: Walk) -> Evaluation:
    """The pruned float model on the test split."""
    from tinyflow import evaluation

    model, dataset = walk.pruned(), walk.dataset()
    return walk.get(
        "evaluation",
        Evaluation,
        {"where": "float", "model": model.sha256, "dataset": dataset.sha256},
        lambda folder: evaluation.evaluate(evaluation.FloatModel(model), dataset),
    )


def evaluate_int8(walk: Walk) -> Evaluation | None:
    """The .tflite in the reference interpreter on the test split.

    None where that interpreter is not to be had, as on the newest Python: the host's C computes
    the same bytes, so nothing else depends on it.
    """
    from tinyflow import compiler, evaluation
    from tinyflow.reference import ReferenceInterpreter, reference_folder

    try:
        reference_folder()
    except ToolError as error:
        progress.report("evaluation", f"int8 is not judged: {error.what}")
        return None
    tflite, dataset = walk.tflite(), walk.dataset()

    def make(folder: object) -> Evaluation:
        # Read by our own reader first: a broken file is an error of ours, not a dead child.
        given, wanted = compiler.input_output(tflite.path)
        with ReferenceInterpreter(tflite.path, input=given, output=wanted) as reference:
            return evaluation.evaluate(reference, dataset)

    return walk.get(
        "evaluation",
        Evaluation,
        {"where": "int8", "model": tflite.sha256, "dataset": dataset.sha256},
        make,
    )


def evaluate_host(walk: Walk) -> tuple[Evaluation, Bytes]:
    """The generated C on this machine: its figures, and its output bytes for the test split."""
    from tinyflow import evaluation
    from tinyflow.compiler.host import HostModel

    compiled, dataset = walk.compiled(), walk.dataset()
    inputs = test_inputs(walk, dataset)
    with HostModel(compiled) as host:
        outputs = host.invoke(inputs)
    answers = Answers("host", compiled.input, compiled.output, outputs)
    return evaluation.evaluate(answers, dataset), outputs


def test_inputs(walk: Walk, dataset: Dataset) -> Bytes:
    """The test split as the compiled model's input bytes."""
    inputs = real_inputs(walk.compiled().inputs, dataset)
    if inputs is None:
        raise ProjectError("the test split does not fit the model's input")
    return inputs


def evaluate_all(walk: Walk) -> dict[str, Any]:
    """Float, int8 and host C on the test split, by the same code; int8 may be None."""
    return {
        "labels": list(walk.dataset().labels),
        "float": figures(evaluate_float(walk)),
        "int8": figures(evaluate_int8(walk)),
        "host": figures(evaluate_host(walk)[0]),
    }


def figures(evaluation: Evaluation | None) -> dict[str, Any] | None:
    """An evaluation as JSON."""
    if evaluation is None:
        return None
    return {
        "split": evaluation.split,
        "samples": evaluation.samples,
        "accuracy": evaluation.accuracy,
        "confusion": [list(row) for row in evaluation.confusion],
    }
