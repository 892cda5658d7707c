"""Why a serial port does not open: absent, not allowed, held by another program, or nobody there.

What is known is an error's text, of pyserial or of a tool that uses it; the text holds the system's
error number on Linux and macOS, and Windows' own as well there.
"""

from __future__ import annotations

import errno
import getpass
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tinyflow.errors import DeviceError

PROC = Path("/proc")
# Where programs leave the id of the process that has a port, in the manner of UUCP.
LOCK_FOLDERS = (Path("/var/lock"), Path("/run/lock/lockdev"))
MAX_LOCK_BYTES = 64
MAX_NAMED = 3

# Groups that systems give serial ports to; a port of one of the others has no udev rule.
PORT_GROUPS = ("dialout", "uucp", "plugdev")
NO_GROUPS = ("root", "tty", "wheel")

WINDOWS_NAME = re.compile(r"(?:\\\\\.\\)?(COM\d+)", re.IGNORECASE)

# Windows' error numbers.
_WIN_ABSENT = (2, 3)
_WIN_DENIED = (5, 32)
_WIN_DEAD = (31, 121, 433, 1167)

_NUMBERS = re.compile(
    r"\[Errno (?P<errno>-?\d+)\]"
    r"|\[WinError (?P<win>\d+)\]"
    r"|\b\w*Error\((?P<error>\d+), .*?(?:, None, (?P<also>\d+))?\)"
    r"|\((?P<pair>\d+), '"
)

Holder = tuple[int, str]
"""A process: its id and the name of its program."""


def explain(port: str, said: str, detail: Sequence[str] = ()) -> DeviceError:
    """What `said`, the error's text, means; `detail` are further lines for the reader."""
    if "://" in port:
        return _server(port, said, detail)
    number, windows = _numbers(said)
    if windows in _WIN_ABSENT or number == errno.ENOENT:
        return absent(port, detail)
    if windows in _WIN_DENIED or (number == errno.EACCES and WINDOWS_NAME.fullmatch(port)):
        return DeviceError(
            f"port {port} is in use by another program",
            ["Windows gives a port to one program at a time", *detail],
            ["close the serial monitor, terminal or IDE that has it open"],
        )
    if number == errno.EACCES:
        return not_allowed(port, detail)
    if number == errno.EPERM:
        return DeviceError(
            f"port {port} may not be opened: the system does not permit it",
            ["in a container, the device must be handed in", *detail],
            [f"docker run --device {port} ..."],
        )
    if number in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EBUSY):
        return in_use(port, detail)
    if windows in _WIN_DEAD or number in (errno.EIO, errno.ENXIO, errno.ENODEV):
        return DeviceError(
            f"port {port} is there, but no device answers behind it",
            detail,
            ["unplug the board and plug it in again", "tinyflow ports"],
        )
    if number == errno.ENOTTY:
        return DeviceError(f"{port} is not a serial port", detail, ["tinyflow ports"])
    if number is None and port.startswith("/"):
        # A tool that says no more than that the port is busy or does not exist.
        return in_use(port, detail) if Path(port).exists() else absent(port, detail)
    return DeviceError(f"port {port} cannot be opened", detail or [said])


def absent(port: str, detail: Sequence[str] = ()) -> DeviceError:
    """There is no such port."""
    return DeviceError(f"port {port} does not exist", detail, ["tinyflow ports"])


def in_use(port: str, detail: Sequence[str] = ()) -> DeviceError:
    """Another program holds the port."""
    held = holders([port]).get(port, [])
    if not held:
        return DeviceError(
            f"port {port} is in use by another program",
            ["one that this user cannot see: it runs as another user, or elsewhere", *detail],
            [f"sudo fuser -v {port}"],
        )
    names = [name for _, name in held]
    more = f" and {len(held) - MAX_NAMED} more" if len(held) > MAX_NAMED else ""
    hints = [f"kill {pid}" for pid, _ in held if pid != os.getpid()]
    if "ModemManager" in names:
        detail = [*detail, "ModemManager tries every new port for a modem, for some seconds"]
        hints = ["wait some seconds and try again", "sudo systemctl mask --now ModemManager"]
    return DeviceError(
        f"port {port} is in use by {', '.join(named(held[:MAX_NAMED]))}{more}", detail, hints
    )


def named(held: Iterable[Holder]) -> list[str]:
    """Processes as a person reads them."""
    own = os.getpid()
    return ["this process" if pid == own else f"{name} (pid {pid})" for pid, name in held]


def holders(
    ports: Sequence[str], proc: Path = PROC, locks: Sequence[Path] = LOCK_FOLDERS
) -> dict[str, list[Holder]]:
    """Which processes have each of the ports open, as far as this user can see; {} on no Linux.

    Processes of other users show only by the lock file that many programs write.
    """
    devices = {os.path.realpath(port): port for port in ports}
    found: dict[str, set[Holder]] = {}
    for folder in proc.glob("[0-9]*"):
        try:
            for link in (folder / "fd").iterdir():
                port = devices.get(str(link.readlink()))
                if port is not None and _is_same_terminal(link, port):
                    found.setdefault(port, set()).add((int(folder.name), _program(folder)))
        except OSError:
            continue  # ended meanwhile, or another user's
    for device, port in devices.items():
        for place in locks:
            pid = _lock_owner(place / f"LCK..{Path(device).name}")
            if pid is not None and (proc / str(pid)).is_dir():
                found.setdefault(port, set()).add((pid, _program(proc / str(pid))))
    return {port: sorted(held) for port, held in found.items()}


def _is_same_terminal(link: Path, port: str) -> bool:
    """Whether an open file that has a port's name is it.

    A container has pseudo-terminals of its own, under the names of this system's. Its other ports
    are this system's. Raises OSError.
    """
    if not os.path.realpath(port).startswith("/dev/pts/"):
        return True
    return os.path.samestat(link.stat(), Path(port).stat())


def not_allowed(port: str, detail: Sequence[str] = ()) -> DeviceError:
    """This user may not open the port."""
    import grp

    try:
        status = Path(port).stat()
    except OSError as error:
        return DeviceError(f"port {port} may not be opened", [str(error), *detail])
    user = _user()
    try:
        group = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        group = str(status.st_gid)
    what = f"user {user} may not open port {port}"
    belongs = f"it belongs to group {group}, mode {stat.filemode(status.st_mode)}"
    if group in NO_GROUPS or status.st_mode & 0o060 != 0o060:
        usual = _usual_group() if group in NO_GROUPS else group
        rule = f'SUBSYSTEM=="tty", ENV{{ID_BUS}}=="usb", GROUP="{usual}", MODE="0660"'
        return DeviceError(
            what,
            [belongs, "no udev rule gives it to users", *detail],
            [
                f"sudo chgrp {usual} {port} && sudo chmod g+rw {port}  # until it is unplugged",
                f"echo '{rule}' | sudo tee /etc/udev/rules.d/70-serial.rules",
                *([] if _is_member(user, usual) else [f"sudo usermod -a -G {usual} {user}"]),
            ],
        )
    if not _is_member(user, group):
        return DeviceError(
            what,
            [belongs, *detail],
            [f"sudo usermod -a -G {group} {user}", "then log out and in again"],
        )
    if status.st_gid not in {os.getegid(), *os.getgroups()}:
        return DeviceError(
            what,
            [belongs, f"{user} is in that group, but was not when this session began", *detail],
            ["log out and in again", f"newgrp {group}  # for this terminal only"],
        )
    return DeviceError(
        what,
        [belongs, f"{user} is in that group: an ACL, SELinux or a container forbids it", *detail],
        [f"getfacl {port}"],
    )


def _numbers(said: str) -> tuple[int | None, int | None]:
    """The error number and Windows' error number in a text; the last one is the cause."""
    number = windows = None
    for found in _NUMBERS.finditer(said):
        for name in ("errno", "error", "pair"):
            number = int(found[name]) if found[name] else number
        for name in ("win", "also"):
            windows = int(found[name]) if found[name] else windows
    return number, windows


def _server(port: str, said: str, detail: Sequence[str]) -> DeviceError:
    """Why a port on the network does not open."""
    address = re.match(r"\w+://[^/?#]*", port)
    place = address.group() if address else port
    host = place.partition("://")[2].rpartition(":")[0]
    number, windows = _numbers(said)
    start = "start the serial server, or correct host and port number in --port"
    if "does not seem to support RFC2217" in said:
        plain = f"--port socket://{place.partition('://')[2]}"
        what = f"what answers at {place} does not speak RFC 2217"
        return DeviceError(what, detail, [f"{plain}  # where it hands bytes on as they are"])
    if "does not accept parameter change" in said:
        return DeviceError(f"the server at {place} does not take the baud rate", detail, [start])
    if "for option 'control'" in said and "ign_set_control" not in port:
        option = f"{port}{'&' if '?' in port else '?'}ign_set_control"
        what = f"the server at {place} does not confirm DTR and RTS"
        return DeviceError(what, detail, [f"--port '{option}'"])
    if number == errno.ECONNREFUSED or windows == 10061:
        refused = ["the host is there and refuses: no server listens at this port number"]
        return DeviceError(f"nothing answers at {place}", [*refused, *detail], [start])
    if "timed out" in said or number == errno.ETIMEDOUT or windows == 10060:
        late = ["the host said nothing in time"]
        return DeviceError(f"nothing answers at {place}", [*late, *detail], [f"ping {host}", start])
    if number in (errno.EHOSTUNREACH, errno.ENETUNREACH) or windows in (10051, 10065):
        return DeviceError(f"host {host} cannot be reached", detail, [f"ping {host}"])
    if (number is not None and number < 0) or number == 8 or windows == 11001:
        # Name resolution has numbers of its own, negative ones on Linux, 8 on macOS.
        return DeviceError(f"host {host} is not known", detail, [start])
    return DeviceError(f"port {place} cannot be opened", detail or [said], [start])


def _program(folder: Path) -> str:
    try:
        return (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a program"


def _lock_owner(file: Path) -> int | None:
    """The process id in a lock file: in text, or as the four bytes of a number."""
    try:
        with file.open("rb") as lock:
            data = lock.read(MAX_LOCK_BYTES)
    except OSError:
        return None
    words = data.split()
    if words and words[0].isdigit():
        return int(words[0])
    return int.from_bytes(data, "little") if len(data) == 4 else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _usual_group() -> str:
    """The first group there is of those that systems give ports to."""
    import grp

    known: Mapping[str, object] = {group.gr_name: group for group in grp.getgrall()}
    return next((name for name in PORT_GROUPS if name in known), PORT_GROUPS[0])


def _is_member(user: str, group: str) -> bool:
    """Whether the system's files say so, which a session sees from its next login on."""
    import grp
    import pwd

    try:
        entry = grp.getgrnam(group)
    except KeyError:
        return False
    try:
        return user in entry.gr_mem or pwd.getpwnam(user).pw_gid == entry.gr_gid
    except KeyError:
        return False
