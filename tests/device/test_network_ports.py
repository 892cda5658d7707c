"""Boards behind a serial server: over TCP as it is (socket://), and with RFC 2217."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_board import build_board, expected_layers, flashed, lossy, running
from rfc2217_peer import Line, PtyLine, Rfc2217Peer
from serial import rfc2217

from tinyflow import device
from tinyflow.device.link import Link, LinkLostError, NoLinesError
from tinyflow.device.wiring import WIRINGS
from tinyflow.errors import DeviceError

# pyserial's RFC 2217 client starts its thread in a way that Python calls old.
pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")

SECONDS_TO_NOTICE = 12.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_board(tmp_path_factory.mktemp("board"))


def test_a_session_over_rfc2217(program: Path) -> None:
    # Every byte, 0xFF above all, which is a command in telnet.
    data = bytes(range(0xC0, 0x100))
    with running(program) as board, contextlib.closing(PtyLine(board.port)) as line:
        with Rfc2217Peer(line) as peer, device.connect(flashed(peer.port)) as dut:
            assert dut.infer(data).output == expected_layers(data)[-1]
            dut.reset()
            assert dut.telemetry().inferences == 0
        assert line.baudrate == 921600


def test_a_session_over_tcp(program: Path) -> None:
    with lossy(program, 0.0, 1) as (board, _), device.connect(board) as dut:
        assert board.port.startswith("socket://")
        assert dut.infer(bytes(64)).output == expected_layers(bytes(64))[-1]


@pytest.mark.parametrize(
    ("wiring", "before"),
    [("esp-classic", (True, True)), ("esp-classic", (False, False)), ("dtr-pulse", (True, True))],
)
def test_opening_and_closing_passes_no_reset(wiring: str, before: tuple[bool, bool]) -> None:
    line = Line(*before)
    with Rfc2217Peer(line) as peer:
        link = Link(f"{peer.port}?timeout=5", 115200, WIRINGS[wiring])
        deadline = time.monotonic() + SECONDS_TO_NOTICE
        while line.changes[-1] != WIRINGS[wiring].idle and time.monotonic() < deadline:
            time.sleep(0.01)
        link.close()
    assert line.changes[-1] == WIRINGS[wiring].idle
    if wiring.startswith("esp"):
        assert (False, True) not in line.changes  # RTS alone is the reset
    else:
        assert [dtr for dtr, _ in line.changes] == sorted(dtr for dtr, _ in line.changes)


def test_both_lines_change_at_once_over_rfc2217() -> None:
    line = Line()
    with Rfc2217Peer(line) as peer:
        link = Link(peer.port, 115200)
        for dtr, rts in ((False, True), (True, False), (False, False)):
            link.lines(dtr, rts)
        deadline = time.monotonic() + SECONDS_TO_NOTICE
        while line.changes[-1] != (False, False) and time.monotonic() < deadline:
            time.sleep(0.01)
        link.close()
    # From reset to the boot pin through both, never through neither: that would be a plain start.
    assert line.changes == [
        (True, True),
        (False, True),
        (True, True),
        (True, False),
        (False, False),
    ]


def test_plain_tcp_has_no_lines() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = Link(f"socket://127.0.0.1:{server.getsockname()[1]}", 115200, WIRINGS["esp-classic"])
        with pytest.raises(NoLinesError):
            link.lines(True, False)
        link.close()


def test_a_server_that_goes_is_noticed() -> None:
    peer = Rfc2217Peer(Line())
    with peer:
        link = Link(peer.port, 115200)
    try:
        with pytest.raises(LinkLostError, match="the other side closed the connection"):
            link.read(5.0)
            link.read(5.0)
    finally:
        link.close()


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """A server that accepts and never says a word."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)

        def serve() -> None:
            kept = []
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    kept.append(server.accept()[0])
            for connection in kept:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            stop.set()
            thread.join(5)


def test_a_host_that_accepts_and_never_answers() -> None:
    with silent_server() as number:
        began = time.monotonic()
        with pytest.raises(DeviceError) as caught:
            Link(f"rfc2217://127.0.0.1:{number}?timeout=0.3", 115200)
        place = f"127.0.0.1:{number}"
        assert str(caught.value) == (
            f"what answers at rfc2217://{place} does not speak RFC 2217\n"
            f"  hint: --port socket://{place}  # where it hands bytes on as they are"
        )
        with pytest.raises(DeviceError, match="says nothing of tinyflow's") as silent:
            device.connect(flashed(f"socket://{place}"), timeout=0.5)
        assert "nothing came in at all" in silent.value.detail
        assert time.monotonic() - began < SECONDS_TO_NOTICE


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
def test_a_host_that_refuses(scheme: str) -> None:
    with pytest.raises(DeviceError) as caught:
        Link(f"{scheme}://127.0.0.1:1", 115200)
    assert str(caught.value).splitlines()[:2] == [
        f"nothing answers at {scheme}://127.0.0.1:1",
        "  the host is there and refuses: no server listens at this port number",
    ]


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (TimeoutError("timed out"), "nothing answers at {scheme}://bench:7"),
        (OSError(113, "No route to host"), "host bench cannot be reached"),
        (socket.gaierror(-2, "Name or service not known"), "host bench is not known"),
    ],
)
def test_a_host_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, scheme: str, fault: OSError, what: str
) -> None:
    def fails(address: object, timeout: float) -> socket.socket:
        assert (address, 0 < timeout <= 5) == (("bench", 7), True)
        raise fault

    monkeypatch.setattr(socket, "create_connection", fails)
    with pytest.raises(DeviceError) as caught:
        Link(f"{scheme}://bench:7", 115200)
    assert caught.value.what == what.format(scheme=scheme)


def test_a_server_that_takes_no_baud_rate() -> None:
    with (
        Rfc2217Peer(Line(), mute=rfc2217.COM_PORT_OPTION + rfc2217.SERVER_SET_BAUDRATE) as peer,
        pytest.raises(DeviceError, match=f"the server at {peer.port} does not take the baud rate"),
    ):
        Link(f"{peer.port}?timeout=0.3", 115200)


def test_a_server_that_does_not_confirm_lines_is_taken_with_an_option() -> None:
    mute = rfc2217.COM_PORT_OPTION + rfc2217.SERVER_SET_CONTROL
    with Rfc2217Peer(Line(), mute=mute) as peer:
        with pytest.raises(DeviceError) as caught:
            Link(f"{peer.port}?timeout=0.3", 115200)
        assert str(caught.value) == (
            f"the server at {peer.port} does not confirm DTR and RTS\n"
            f"  hint: --port '{peer.port}?timeout=0.3&ign_set_control'"
        )
        Link(f"{peer.port}?timeout=0.3&ign_set_control", 115200).close()
