"""On a real board:

    pytest tests/hil --tf-model tests/models/digits.tflite --tf-board esp32 --tf-port=/dev/ttyUSB0

Without a board that is named these are skipped. It is flashed first, unless --tf-no-flash is given.
"""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tinyflow.compiler.host import HostModel
from tinyflow.errors import DeviceError
from tinyflow.rig import Dut

SAMPLES = Path(__file__).parents[1] / "models" / "digits_test.npz"
REQUESTS = 200

Samples = tuple[NDArray[Any], NDArray[Any]]


@pytest.fixture(scope="session")
def samples() -> Samples:
    with np.load(SAMPLES) as arrays:
        return arrays["x"], arrays["y"]


def test_every_layer_is_the_hosts(tf_dut: Dut, tf_host: HostModel, samples: Samples) -> None:
    for row in tf_host.compiled.input.encode(samples[0][:5]):
        found = [layer.crc32 for layer in tf_dut.layers(row)]
        assert found == [zlib.crc32(layer.tobytes()) for layer in tf_host.layers(row)]


def test_accuracy_and_latency(tf_dut: Dut, tf_record: Any, samples: Samples) -> None:
    images, labels = samples
    accuracy = float((tf_dut.predict(images).argmax(axis=1) == labels).mean())
    tf_record("accuracy", accuracy, better="more")
    tf_record("latency", tf_dut.counted.most, tf_dut.hello.counter_unit, tolerance=0.02)
    assert accuracy > 0.95


def test_many_requests_are_all_answered(tf_dut: Dut, samples: Samples) -> None:
    row = np.zeros(tf_dut.hello.input_bytes, np.int8)
    before = tf_dut.telemetry().inferences
    first = tf_dut.infer(row)
    assert all(tf_dut.infer(row).output == first.output for _ in range(REQUESTS - 1))
    telemetry = tf_dut.telemetry()
    assert telemetry.inferences - before == REQUESTS
    assert telemetry.frames_damaged == 0


def test_it_restarts(tf_dut: Dut, samples: Samples) -> None:
    expected = tf_dut.predict(samples[0][:1])
    tf_dut.restart()
    assert tf_dut.telemetry().inferences == 0
    np.testing.assert_array_equal(tf_dut.predict(samples[0][:1]), expected)


@pytest.mark.tf_requires("power")
def test_it_comes_back_after_a_power_cut(tf_dut: Dut) -> None:
    tf_dut.power_cycle()
    assert tf_dut.telemetry().inferences == 0


def test_a_bad_line_gives_no_wrong_answer(
    tf_dut: Dut, tf_link_faults: Any, samples: Samples
) -> None:
    expected = tf_dut.predict(samples[0][:20])
    with tf_link_faults(rate=1 / 1000) as line:
        np.testing.assert_array_equal(tf_dut.predict(samples[0][:20]), expected)
        assert line.faults > 0


def test_another_model_is_refused(tf_dut: Dut) -> None:
    import tinyflow

    port = tf_dut._session.link.url
    tf_dut.close()
    with pytest.raises(DeviceError, match="runs another model"):
        tinyflow.connect(port, board=tf_dut.profile.name, model="0" * 64)
    tf_dut.reconnect()
