"""A model whose channels were removed is still compared with the file's, channel by channel."""

import re
from pathlib import Path
from typing import Any

import pytest

from tinyflow.compiler import compile_model

MODEL = Path(__file__).parents[2].parent / "shared/models/mlperf_tiny/vww_96_int8.tflite"

pytestmark = [
    pytest.mark.skipif(
        not MODEL.is_file(), reason="../shared/models/mlperf_tiny is not beside this checkout"
    ),
    pytest.mark.usefixtures("reference_interpreter"),
    pytest.mark.timeout(900),
]


def test_a_spoilt_weight_is_told_with_its_channel_in_the_file(
    tmp_path: Path, run_tinyflow: Any
) -> None:
    """The bias of the last channel that is left of a layer: its number in the file is another."""
    layer = compile_model(MODEL, folder=tmp_path / "compiled").layers[20]
    channels = layer.outputs[0].channels
    assert layer.op == "CONV_2D" and channels is not None
    assert channels[-1] > len(channels) and len(channels) < 128
    command = (str(MODEL), "--board", "native", "--json")
    outcome = run_tinyflow(tmp_path, "compile", *command)
    weights = Path(outcome.json["folder"]) / "src" / "vww_96_int8_weights.c"
    text = weights.read_text()
    name = f"vww_96_int8_{layer.index}_bias"
    (bias,) = re.findall(rf"{name}\[{len(channels)}\][^{{]*{{([^}}]*)}}", text)
    *others, last = (int(value) for value in bias.split(",") if value.strip())
    spoilt = ", ".join(str(value) for value in (*others, last + 100_000))
    weights.write_text(text.replace(bias, f"\n    {spoilt}\n"))
    outcome = run_tinyflow(tmp_path, "verify", *command, "--inputs", "2")
    assert outcome.status == 1, outcome.stderr
    mismatch = outcome.json["first_mismatch"]
    assert (mismatch["layer"], mismatch["op"]) == (layer.index, "CONV_2D")
    assert mismatch["channel"] == mismatch["position"][-1] == channels[-1]
    assert mismatch["expected"] != mismatch["found"]
