"""Errors of serial ports: recorded texts of Linux, macOS and Windows, and who holds a port."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import sys
import tty
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tinyflow import port_faults, process


@pytest.fixture
def port(tmp_path: Path) -> str:
    path = tmp_path / "ttyUSB0"
    path.touch()
    path.chmod(0o660)
    return str(path)


@pytest.fixture
def pty() -> Iterator[str]:
    master, slave = os.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)
    os.close(slave)
    yield name
    os.close(master)


# As pyserial says it on each system.
@pytest.mark.parametrize(
    ("name", "said", "first"),
    [
        (
            "/dev/ttyUSB7",
            "[Errno 2] could not open port /dev/ttyUSB7: [Errno 2] No such file or directory: "
            "'/dev/ttyUSB7'",
            "port /dev/ttyUSB7 does not exist",
        ),
        (
            "COM12",
            "could not open port 'COM12': FileNotFoundError(2, 'The system cannot find the file "
            "specified.', None, 2)",
            "port COM12 does not exist",
        ),
        (
            "COM5",
            "could not open port 'COM5': PermissionError(13, 'Access is denied.', None, 5)",
            "port COM5 is in use by another program",
        ),
        (
            "COM5",
            "could not open port 'COM5': PermissionError(13, 'Zugriff verweigert', None, 5)",
            "port COM5 is in use by another program",
        ),
        (
            "COM5",
            "could not open port 'COM5': OSError(22, 'The semaphore timeout period has expired.', "
            "None, 121)",
            "port COM5 is there, but no device answers behind it",
        ),
        (
            "COM5",
            "Cannot configure port, something went wrong. Original message: OSError(22, 'A device "
            "attached to the system is not functioning.', None, 31)",
            "port COM5 is there, but no device answers behind it",
        ),
        (
            "COM5",
            "Cannot configure port, something went wrong. Original message: OSError(22, 'The "
            "parameter is incorrect.', None, 87)",
            "port COM5 cannot be opened",
        ),
        (
            "/dev/ttyS3",
            "Could not configure port: (5, 'Input/output error')",
            "port /dev/ttyS3 is there, but no device answers behind it",
        ),
        (
            "/dev/ttyACM0",
            "[Errno 1] could not open port /dev/ttyACM0: [Errno 1] Operation not permitted: "
            "'/dev/ttyACM0'",
            "port /dev/ttyACM0 may not be opened: the system does not permit it",
        ),
        (
            "/dev/cu.usbserial-1",
            "[Errno 16] could not open port /dev/cu.usbserial-1: [Errno 16] Resource busy: "
            "'/dev/cu.usbserial-1'",
            "port /dev/cu.usbserial-1 is in use by another program",
        ),
        (
            "/dev/null",
            "Could not configure port: (25, 'Inappropriate ioctl for device')",
            "/dev/null is not a serial port",
        ),
        ("/dev/ttyUSB7", "Could not open it, busy or absent.", "port /dev/ttyUSB7 does not exist"),
    ],
)
def test_what_a_systems_words_mean(name: str, said: str, first: str) -> None:
    error = port_faults.explain(name, said)
    assert error.what == first
    assert port_faults.explain(name, said, ["log: x"]).detail[-1] == "log: x"


def test_a_text_without_a_meaning_is_shown() -> None:
    error = port_faults.explain("COM5", "the sky is falling")
    assert str(error) == "port COM5 cannot be opened\n  the sky is falling"


@pytest.mark.parametrize(
    ("said", "first"),
    [
        (
            "Could not open port: [WinError 10061] No connection could be made because the target "
            "machine actively refused it",
            "nothing answers at socket://bench:7",
        ),
        ("Could not open port: [Errno 11001] getaddrinfo failed", "host bench is not known"),
        ("Could not open port: [Errno 8] nodename nor servname", "host bench is not known"),
        ("something else", "port socket://bench:7 cannot be opened"),
    ],
)
def test_what_the_network_says_on_other_systems(said: str, first: str) -> None:
    said = said.replace("[Errno 11001]", "[WinError 11001]")
    assert port_faults.explain("socket://bench:7?logging=debug", said).what == first


# Permission

NOBODY = 987_654
Ids = dict[str, tuple[int, list[str]]]


@pytest.fixture
def ada(monkeypatch: pytest.MonkeyPatch, port: str) -> Ids:
    """User ada; the port belongs to the first of the groups {name: (id, members)}."""
    groups: Ids = {}
    session = [NOBODY]
    owner = Path(port).stat().st_gid

    def entry(name: str) -> SimpleNamespace:
        number, members = groups[name]
        return SimpleNamespace(gr_name=name, gr_gid=number, gr_mem=members)

    def by_id(number: int) -> SimpleNamespace:
        assert number == owner
        return entry(next(iter(groups)))

    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    monkeypatch.setattr(grp, "getgrgid", by_id)
    monkeypatch.setattr(grp, "getgrnam", entry)
    monkeypatch.setattr(grp, "getgrall", lambda: [entry(name) for name in groups])
    monkeypatch.setattr(pwd, "getpwnam", lambda _: SimpleNamespace(pw_gid=NOBODY))
    monkeypatch.setattr(os, "getegid", lambda: NOBODY)
    monkeypatch.setattr(os, "getgroups", lambda: session)
    return groups


DENIED = "[Errno 13] could not open port X: [Errno 13] Permission denied: 'X'"


@pytest.mark.parametrize("group", ["dialout", "uucp", "plugdev"])
def test_the_group_that_may_open_the_port_is_named(ada: Ids, port: str, group: str) -> None:
    ada[group] = (20, ["bob"])
    assert str(port_faults.explain(port, DENIED)) == (
        f"user ada may not open port {port}\n"
        f"  it belongs to group {group}, mode -rw-rw----\n"
        f"  hint: sudo usermod -a -G {group} ada\n"
        "  hint: then log out and in again"
    )


def test_a_member_whose_session_is_older_must_log_in_again(ada: Ids, port: str) -> None:
    # The file belongs to a group that this session is not in.
    ada["dialout"] = (20, ["ada"])
    assert str(port_faults.explain(port, DENIED)) == (
        f"user ada may not open port {port}\n"
        "  it belongs to group dialout, mode -rw-rw----\n"
        "  ada is in that group, but was not when this session began\n"
        "  hint: log out and in again\n"
        "  hint: newgrp dialout  # for this terminal only"
    )


def test_a_member_who_is_still_refused(
    ada: Ids, port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada["dialout"] = (20, ["ada"])
    monkeypatch.setattr(os, "getgroups", lambda: [Path(port).stat().st_gid])
    error = port_faults.explain(port, DENIED)
    assert error.detail[1] == "ada is in that group: an ACL, SELinux or a container forbids it"


def test_a_port_that_belongs_to_root_alone_needs_a_rule(ada: Ids, port: str) -> None:
    ada.update({"root": (0, []), "uucp": (10, [])})
    assert str(port_faults.explain(port, DENIED)) == (
        f"user ada may not open port {port}\n"
        "  it belongs to group root, mode -rw-rw----\n"
        "  no udev rule gives it to users\n"
        f"  hint: sudo chgrp uucp {port} && sudo chmod g+rw {port}  # until it is unplugged\n"
        '  hint: echo \'SUBSYSTEM=="tty", ENV{ID_BUS}=="usb", GROUP="uucp", MODE="0660"\' | '
        "sudo tee /etc/udev/rules.d/70-serial.rules\n"
        "  hint: sudo usermod -a -G uucp ada"
    )


# Who has it open


def fake_proc(folder: Path, *programs: tuple[int, str, str]) -> Path:
    for pid, name, target in programs:
        (folder / str(pid) / "fd").mkdir(parents=True)
        (folder / str(pid) / "fd" / "3").symlink_to(target)
        (folder / str(pid) / "comm").write_text(name + "\n")
    return folder


def test_holders_are_found_through_links_to_the_port(tmp_path: Path, port: str) -> None:
    link = tmp_path / "by-id"
    link.symlink_to(port)
    other = str(tmp_path / "ttyUSB1")
    proc = fake_proc(
        tmp_path / "proc",
        *((12, "screen", port), (7, "bash", "/dev/null"), (9, "tio", port), (8, "cat", other)),
    )
    (proc / "99").mkdir()
    assert port_faults.holders([str(link), other], proc, ()) == {
        str(link): [(9, "tio"), (12, "screen")],
        other: [(8, "cat")],
    }
    assert port_faults.holders([str(tmp_path / "third")], proc, ()) == {}
    assert port_faults.holders([port], tmp_path / "no proc", ()) == {}


@pytest.mark.parametrize(
    ("lock", "held"),
    [
        (b"      4711\n", {4711: "picocom"}),
        (b"4711 picocom ada\n", {4711: "picocom"}),
        ((4711).to_bytes(4, "little"), {4711: "picocom"}),
        (b"4712\n", {}),  # has ended and left its lock
        (b"", {}),
        (b"\xff" * 100, {}),
        (b"9" * 64, {}),
    ],
)
def test_another_users_program_is_found_by_its_lock(
    tmp_path: Path, port: str, lock: bytes, held: dict[int, str]
) -> None:
    proc = fake_proc(tmp_path / "proc", (4711, "picocom", "/dev/null"))
    (tmp_path / "LCK..ttyUSB0").write_bytes(lock)
    found = port_faults.holders([port], proc, [tmp_path])
    assert dict(found.get(port, [])) == held


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_a_program_that_has_the_port_is_named(pty: str) -> None:
    with Path(pty).open("rb") as port:
        child = process.start(["sleep", "60"], stdin=port)
    try:
        error = port_faults.explain(pty, "[Errno 11] Could not exclusively lock port")
        assert str(error) == (
            f"port {pty} is in use by sleep (pid {child.pid})\n  hint: kill {child.pid}"
        )
    finally:
        process.stop(child)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_the_terminal_of_a_container_is_another_one(
    tmp_path: Path, pty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    master, others = os.openpty()
    proc = fake_proc(tmp_path / "proc", (12, "sh", os.ttyname(others)), (13, "screen", pty))
    # As /proc has it: the name is that of its own system, the file is the one that is open.
    monkeypatch.setattr(Path, "readlink", lambda link: Path(pty))
    assert port_faults.holders([pty], proc, []) == {pty: [(13, "screen")]}
    os.close(others)
    os.close(master)


def told(monkeypatch: pytest.MonkeyPatch, *held: port_faults.Holder) -> str:
    monkeypatch.setattr(port_faults, "holders", lambda ports: {ports[0]: list(held)})
    return str(port_faults.in_use("/dev/ttyACM0"))


def test_modem_manager_is_told_as_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, (321, "ModemManager")) == (
        "port /dev/ttyACM0 is in use by ModemManager (pid 321)\n"
        "  ModemManager tries every new port for a modem, for some seconds\n"
        "  hint: wait some seconds and try again\n"
        "  hint: sudo systemctl mask --now ModemManager"
    )


def test_many_holders_and_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [(os.getpid(), "python"), (1, "a"), (2, "b"), (3, "c")]
    first, *hints = told(monkeypatch, *held).splitlines()
    assert first == "port /dev/ttyACM0 is in use by this process, a (pid 1), b (pid 2) and 1 more"
    assert hints == [f"  hint: kill {pid}" for pid in (1, 2, 3)]


def test_nobody_to_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch) == (
        "port /dev/ttyACM0 is in use by another program\n"
        "  one that this user cannot see: it runs as another user, or elsewhere\n"
        "  hint: sudo fuser -v /dev/ttyACM0"
    )
