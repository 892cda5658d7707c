"""What telemetry takes on a Cortex-M4, counted in the emulator."""

from __future__ import annotations

from drift_image import KWS_INSTRUCTIONS, MODELS, measure


def test_telemetry_takes_little_of_a_kws_inference() -> None:
    cost = measure("qemu-m4", *MODELS["kws"])
    assert 1000 < cost.average < 0.005 * KWS_INSTRUCTIONS
    # In the one inference of a window that all is scored in.
    assert cost.average < cost.worst < 0.01 * KWS_INSTRUCTIONS


def test_a_large_input_takes_no_more() -> None:
    cost = measure("qemu-m4", *MODELS["vww"])
    assert cost.average < 0.005 * KWS_INSTRUCTIONS
