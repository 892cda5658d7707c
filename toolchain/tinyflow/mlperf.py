"""What a benchmark of MLPerf Tiny asks of a model whose firmware is built to be driven by it."""

from __future__ import annotations

from tinyflow.artifacts import CompiledModel
from tinyflow.config import MlperfTask
from tinyflow.errors import ProjectError


def check(task: MlperfTask, model: CompiledModel) -> None:
    """Raise ProjectError that names all in which `model` is no model for benchmark `task`.

    All benchmarks have one int8 input, and int8 outputs of which the first counts. Anomaly
    detection compares the output with the input, value by value.
    """
    wrong: list[str] = []
    if len(model.inputs) != 1 or model.input.dtype != "int8":
        found = ", ".join(spec.dtype for spec in model.inputs)
        wrong.append(f"inputs: must be one of int8, found {found}")
    if model.output.dtype != "int8":
        wrong.append(f"output: must be int8, found {model.output.dtype}")
    given, told = model.input.size_bytes, model.output.size_bytes
    if task == "ad01" and given != told:
        wrong.append(f"output: must have the input's {given} values, found {told}")
    if wrong:
        raise ProjectError(f"mlperf {task} does not fit model {model.name}", wrong)
