"""What is on each board, and that it answers as the model on this machine does."""

from pathlib import Path

import numpy as np
import pytest

SAMPLES = Path(__file__).parents[1] / "digits_test.npz"


@pytest.fixture(scope="session")
def samples():
    with np.load(SAMPLES) as arrays:
        return arrays["x"][:20], arrays["y"][:20]


def test_the_board_runs_what_was_built(tf_dut, tf_firmware):
    hello = tf_dut.hello
    assert hello.board == tf_dut.profile.name
    assert hello.build_id == tf_firmware.build_id
    assert hello.model_sha256 == tf_firmware.model_sha256


def test_the_firmware_does_not_grow(tf_firmware, tf_record):
    tf_record("flash_bytes", tf_firmware.flash_bytes, "B", tolerance=0.1)
    tf_record("ram_bytes", tf_firmware.ram_bytes, "B", tolerance=0.1)


def test_every_output_byte_is_the_hosts(tf_dut, tf_host, samples):
    images, _ = samples
    inputs = tf_host.compiled.input.encode(images)
    np.testing.assert_array_equal(tf_dut.invoke(inputs), tf_host.invoke(inputs))


def test_accuracy(tf_dut, tf_record, samples):
    images, labels = samples
    accuracy = (tf_dut.predict(images).argmax(axis=1) == labels).mean()
    tf_record("accuracy", float(accuracy), better="more")
    assert accuracy >= 0.9


@pytest.mark.tf_requires("counter")
def test_an_inference_takes_no_longer(tf_dut, tf_record, samples):
    """Compilers differ by a few per cent; with always the same one, 0.0 is the right tolerance."""
    images, _ = samples
    tf_dut.predict(images[:5])
    tf_record("latency", tf_dut.counted.most, tf_dut.hello.counter_unit, tolerance=0.05)


@pytest.mark.tf_reset
def test_telemetry_counts(tf_dut, samples):
    images, _ = samples
    tf_dut.predict(images[:3])
    telemetry = tf_dut.telemetry()
    assert telemetry.inferences == 3
    assert telemetry.frames_damaged == 0
    assert telemetry.count_min <= telemetry.count <= telemetry.count_max
