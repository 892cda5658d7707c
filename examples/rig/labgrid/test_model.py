"""labgrid knows where the board is and who has it; tinyflow talks to the model on it.

`pytest labgrid --lg-env labgrid/env.yaml`, in an environment of its own: labgrid brings a pyserial
that overwrites the other's files.
"""

from pathlib import Path

import numpy as np
import pytest

import tinyflow

RIG = Path(__file__).parents[1]


@pytest.fixture
def dut(target):
    serial = target.get_resource("NetworkSerialPort")
    scheme = "socket" if serial.protocol == "raw" else "rfc2217"
    port = f"{scheme}://{serial.host}:{serial.port}"
    with tinyflow.connect(port, baud=serial.speed, model=RIG / "digits.tflite") as dut:
        yield dut


def test_the_model_answers(dut):
    with np.load(RIG / "digits_test.npz") as arrays:
        images, labels = arrays["x"], arrays["y"]
    assert (dut.predict(images).argmax(axis=1) == labels).mean() > 0.95
    assert dut.telemetry().inferences >= len(images)
