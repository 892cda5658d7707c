"""Models with floats at their edges give the reference's bytes, without a unit for them too."""

from pathlib import Path
from typing import Any

import pytest
from float_networks import NETWORKS
from tflite_writer import write_tflite

pytestmark = pytest.mark.timeout(300)


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("board", ["qemu-m4", "qemu-lx6"])
def test_verify(tmp_path: Path, run_tinyflow: Any, name: str, board: str) -> None:
    model = tmp_path / f"{name}.tflite"
    model.write_bytes(write_tflite(NETWORKS[name]()))
    command = ("verify", str(model), "--board", board, "--runner", "qemu", "--inputs", "7")
    outcome = run_tinyflow(tmp_path, *command, "--json")
    assert outcome.status == 0, outcome.stderr
    result = outcome.json
    assert (result["inputs"], result["layers"]) == (7, len(NETWORKS[name]().nodes))
    assert result["mismatched_bytes"] == 0
