"""The session in C around a model that keeps something between inferences."""

from __future__ import annotations

import ctypes

import pytest
from fake_board import build_shim
from golden_frames import INPUT, STATE_DIALOGUE

from tinyflow.device import messages, protocol


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return build_shim(tmp_path_factory.mktemp("state"), remembers=True)


def test_the_firmware_answers_byte_for_byte(library: ctypes.CDLL) -> None:
    written = ctypes.create_string_buffer(1 << 12)
    library.memory_port_set_step(100)
    library.shim_start(5, 16, 0)
    library.memory_port_take(written, len(written))
    for name, _, request, answer in STATE_DIALOGUE:
        data = bytes.fromhex(request)
        library.shim_feed(data, len(data))
        size = library.memory_port_take(written, len(written))
        assert written.raw[:size].hex() == answer, name


def test_a_host_does_not_go_on_where_the_application_was(library: ctypes.CDLL) -> None:
    """Else its outputs would tell of the sensor's samples, which the model still knows."""
    written = ctypes.create_string_buffer(1 << 12)
    library.shim_start(1, 1, 0)
    library.memory_port_take(written, len(written))

    def infer(sequence: int) -> messages.Message:
        data = protocol.encode("INFER", {"SEQUENCE": sequence, "DATA": INPUT})
        library.shim_feed(data, len(data))
        size = library.memory_port_take(written, len(written))
        (answer,) = protocol.Reader().feed(written.raw[:size])
        assert isinstance(answer, messages.Message)
        return answer

    first, second = infer(1), infer(2)
    assert first.data() != second.data()
    for _ in range(3):
        library.shim_infer()
    third = infer(3)
    assert (third.data(), third.integer("STEPS")) == (first.data(), 1)
    assert infer(4).data() == second.data()
