"""Two exported libraries and a program that uses both, for all packagings' tests."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from small_model import small
from tflite_writer import write_tflite

from tinyflow import compiler, export
from tinyflow.artifacts import CompiledModel
from tinyflow.compiler.host import HostModel

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"
ROWS = 3

# Takes the rows of both models from standard input, writes their outputs to standard output.
MAIN = """\
#include <stdio.h>

#include "digits_run.h"
#include "other_run.h"

static int8_t buffer[DIGITS_INPUT_BYTES];

int main(void)
{
    while (fread(buffer, DIGITS_INPUT_BYTES, 1, stdin) == 1) {
        digits_run(buffer, buffer);
        (void)fwrite(buffer, DIGITS_OUTPUT_BYTES, 1, stdout);
        if (fread(buffer, OTHER_INPUT_BYTES, 1, stdin) != 1) {
            return 1;
        }
        other_run(buffer, buffer);
        (void)fwrite(buffer, OTHER_OUTPUT_BYTES, 1, stdout);
    }
    return 0;
}
"""


@dataclass(frozen=True)
class Libraries:
    """`digits` and `other`, exported for all build systems; both call CONV_2D.

    `program` is the text of MAIN; fed `inputs` it writes `outputs`.
    """

    folders: tuple[Path, Path]
    models: tuple[CompiledModel, CompiledModel]
    program: str
    inputs: bytes
    outputs: bytes

    def expect(self, program: Path) -> None:
        """Run a program that was built from MAIN and check every byte."""
        done = subprocess.run([program], input=self.inputs, capture_output=True, check=True)
        assert done.stdout == self.outputs


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Libraries:
    folder = tmp_path_factory.mktemp("libraries")
    other = folder / "other.tflite"
    other.write_bytes(write_tflite(small()))
    models = tuple(
        compiler.compile_model(file, folder=folder / "compiled" / file.stem)
        for file in (DIGITS, other)
    )
    places = tuple(folder / "a place" / model.name for model in models)
    for place, model in zip(places, models, strict=True):
        export.write_library(place, model, tuple(export.FORMATS))
    chance = np.random.default_rng(1)
    inputs = [chance.integers(-128, 128, (ROWS, m.input.size_bytes), np.int8) for m in models]
    outputs = []
    for model, rows in zip(models, inputs, strict=True):
        with HostModel(model) as host:
            outputs.append(host.invoke(rows))
    return Libraries(
        folders=places,  # type: ignore[arg-type]
        models=models,  # type: ignore[arg-type]
        program=MAIN,
        inputs=interleaved(inputs),
        outputs=interleaved(outputs),
    )


def interleaved(rows: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.int8]]]) -> bytes:
    """Row by row, of each array one."""
    return b"".join(row.tobytes() for pair in zip(*rows, strict=True) for row in pair)
