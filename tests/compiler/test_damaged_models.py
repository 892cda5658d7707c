"""The whole compiler on damaged models: C sources or a ModelError, nothing else."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
from damage import damaged
from network_changes import CHANGES
from tflite_writer import write_tflite

from tinyflow.compiler import compile_model
from tinyflow.compiler.graph import Graph, Node, Quantization, Tensor
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.errors import ModelError

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"
COPIES = 500


def outcome(content: bytes, folder: Path) -> str:
    """Compile `content` into `folder`: compiled, or refused by a ModelError that says why."""
    model = folder / "model.tflite"
    model.write_bytes(content)
    try:
        compiled = compile_model(model, folder=folder / "c")
    except ModelError as error:
        assert error.what and error.detail
        return "refused"
    assert all(source.is_file() for source in compiled.sources)
    shutil.rmtree(folder / "c")
    return "compiled"


def test_damaged_copies_of_a_real_model_compile_or_are_refused(tmp_path: Path) -> None:
    copies = damaged(DIGITS.read_bytes(), COPIES, seed=2)
    outcomes = Counter(outcome(copy, tmp_path) for _, copy in copies)
    assert min(outcomes["compiled"], outcomes["refused"]) > COPIES // 10, outcomes


def every_operator() -> Graph:
    """A model with the operators that the digits model does not have."""
    scale = Quantization((0.5,), (-3,))
    same = {"filter_width": 2, "filter_height": 2, "stride_w": 2, "stride_h": 2}
    paddings = np.int32([[0, 0], [1, 1], [1, 1], [0, 0]])
    shapes = ((1, 4, 4, 2), (1, 6, 6, 2), (1, 3, 3, 2), (1, 3, 3, 2), (1, 3, 3, 2), (1, 18))
    values = tuple(Tensor(f"value{i}", shape, "int8", scale) for i, shape in enumerate(shapes))
    return Graph(
        (*values, Tensor("paddings", (4, 2), "int32", None, paddings),
         Tensor("shape", (2,), "int32", None, np.int32([1, 18]))),
        (
            Node("PAD", (0, 6), (1,)),
            Node("MAX_POOL_2D", (1,), (2,), {"padding": "VALID", **same}, 1),
            Node("RELU", (2,), (3,), {}, 2),
            Node("ADD", (2, 3), (4,), {"fused_activation_function": "RELU6"}, 3),
            Node("RESHAPE", (4, 7), (5,), {"new_shape": (1, 18)}, 4),
        ),
        (0,),
        (5,),
    )  # fmt: skip


def test_sound_files_of_senseless_models_compile_or_are_refused(tmp_path: Path) -> None:
    chance = random.Random(3)
    graphs = (read_tflite(DIGITS), every_operator())
    assert [outcome(write_tflite(graph), tmp_path) for graph in graphs] == ["compiled"] * 2
    outcomes: Counter[str] = Counter()
    for turn in range(COPIES):
        graph = graphs[turn % len(graphs)]
        for _ in range(chance.choice((1, 1, 2))):
            graph = chance.choice(CHANGES)(graph, chance)
        outcomes[outcome(write_tflite(graph), tmp_path)] += 1
    assert min(outcomes["compiled"], outcomes["refused"]) > COPIES // 20, outcomes
