"""What happens to boards in the field: no power, a bad line, a pulled cable."""

from pathlib import Path

import numpy as np
import pytest

from tinyflow.errors import DeviceError

SAMPLES = Path(__file__).parents[1] / "digits_test.npz"


@pytest.fixture(scope="session")
def image():
    with np.load(SAMPLES) as arrays:
        return arrays["x"][:1]


@pytest.mark.tf_requires("power")
def test_it_comes_back_after_a_power_cut(tf_dut, image):
    before = tf_dut.predict(image)
    tf_dut.power_cycle()
    assert tf_dut.telemetry().inferences == 0, "nothing is left of the time before"
    np.testing.assert_array_equal(tf_dut.predict(image), before)


def test_it_can_be_flashed_again(tf_dut, tf_firmware, image):
    before = tf_dut.predict(image)
    tf_dut.flash()
    assert tf_dut.hello.build_id == tf_firmware.build_id
    np.testing.assert_array_equal(tf_dut.predict(image), before)


def test_it_restarts_when_asked(tf_dut, image):
    tf_dut.predict(image)
    tf_dut.restart()
    assert tf_dut.telemetry().inferences == 0


def test_a_bad_line_gives_no_wrong_answer(tf_dut, tf_link_faults, image):
    """Every byte is damaged with a chance of 1 in 400: answers are right or none."""
    expected = tf_dut.predict(image)
    with tf_link_faults(rate=1 / 400, seed=7) as line:
        for _ in range(20):
            np.testing.assert_array_equal(tf_dut.predict(image), expected)
        assert line.faults > 0


def test_a_pulled_cable_is_told_and_plugged_in_again(tf_dut, tf_link_faults, image):
    expected = tf_dut.predict(image)
    with tf_link_faults() as line:
        line.cut()
        with pytest.raises(DeviceError, match="is gone"):
            for _ in range(100):
                tf_dut.predict(image)
        tf_dut.reconnect()
        np.testing.assert_array_equal(tf_dut.predict(image), expected)


@pytest.mark.tf_requires("emulated")
def test_a_bootloader_that_is_not_there_is_refused(tf_dut, image):
    with pytest.raises(DeviceError, match=r"does not restart|refuses reset"):
        tf_dut.reset(bootloader=True)
    tf_dut.predict(image)
