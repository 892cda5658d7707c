"""The line that damages bytes on purpose."""

import contextlib
import socket

import pytest

from tinyflow.device.link import Link, LinkLostError
from tinyflow.errors import ProjectError
from tinyflow.rig.faults import Damage, FaultyLine


def test_damage_is_the_same_for_the_same_seed() -> None:
    data = bytes(range(256)) * 4
    one, other = Damage(0.05, 3), Damage(0.05, 3)
    whole = one.apply(data)
    assert whole == other.apply(data[:100]) + other.apply(data[100:])
    assert one.count == other.count > 20
    assert Damage(0.05, 4).apply(data) != whole
    assert Damage(0.0, 3).apply(data) == data
    assert Damage(1.0, 3, ("drop",)).apply(data) == b""
    flipped = Damage(1.0, 3, ("flip",)).apply(data)
    assert all((a ^ b).bit_count() == 1 for a, b in zip(flipped, data, strict=True))
    assert Damage(1.0, 3, ("insert",)).apply(data)[::2] == data


def test_damage_that_cannot_be_is_refused() -> None:
    with pytest.raises(ProjectError, match="faults are flip, drop, insert, found swap"):
        Damage(0.1, 1, ("swap",))  # type: ignore[arg-type]
    with pytest.raises(ProjectError, match="a chance from 0 to 1"):
        Damage(float("nan"), 1)


def read(link: Link, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := link.read(5.0)):
        data += more
    return data


def test_a_line_carries_both_ways_and_can_be_cut() -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        server.settimeout(5.0)
        port = server.getsockname()[1]
        line = stack.enter_context(
            FaultyLine(lambda: Link(f"socket://127.0.0.1:{port}", 115200), 0.0, 1)
        )
        for _ in range(2):  # whoever was cut off may come again
            with contextlib.closing(Link(line.url, 115200)) as link:
                board, _ = server.accept()
                stack.enter_context(board)
                board.settimeout(5.0)
                link.write(b"ask")
                assert board.recv(16) == b"ask"
                board.sendall(b"answer")
                assert read(link, 6) == b"answer"
                line.cut()
                with pytest.raises(LinkLostError):
                    while True:
                        read(link, 1)
            line.let_go()
            assert board.recv(16) == b"", "the board's port is closed as well"
        assert line.faults == 0
