"""A board is for one process at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from tinyflow.errors import DeviceError, ToolError
from tinyflow.rig.lock import FileLock

HOLDER = """
import sys
from pathlib import Path
from tinyflow.rig.lock import FileLock
lock = FileLock(Path(sys.argv[1]), "board a")
lock.acquire()
lock.put("run", "image")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_is_one_processs_and_remembers_the_image(tmp_path: Path) -> None:
    file = tmp_path / "rig" / "a.lock"
    lock = FileLock(file, "board a", wait_seconds=0.0)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DeviceError, match=f"board a is in use by process {holder.pid}"):
            lock.acquire()
        holder.kill()
    lock.acquire()
    assert lock.held and lock.has("run", "image")
    assert not lock.has("other", "image") and not lock.has("run", "other")
    lock.put("", "")
    assert not lock.has("", ""), "nobody knows what is on the board"
    lock.release()
    assert not lock.held


def test_a_file_that_says_nothing_sensible_is_no_hindrance(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"
    for content in (b"\xff", b"[]", b"{", b"1" * 10000):
        file.write_bytes(content)
        lock = FileLock(file, "board a", wait_seconds=0.0)
        lock.acquire()
        assert not lock.has("run", "image")
        lock.release()


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "rig").write_text("a file")
    lock = FileLock(tmp_path / "rig" / "a.lock", "board a")
    with pytest.raises(ToolError, match="the lock of board a, cannot be made"):
        lock.acquire()
    assert not lock.held
