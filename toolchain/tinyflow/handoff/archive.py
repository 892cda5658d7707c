"""Zip files: written the same every time, and unpacked with care when they come from elsewhere."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections import Counter
from pathlib import Path

from tinyflow import checksums
from tinyflow.errors import ProjectError
from tinyflow.handoff import manifest

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip file can tell
UNIX = 3
MAX_ENTRIES = checksums.MAX_FILES
MAX_BYTES = 1 << 29
MAX_DIRECTORY_BYTES = MAX_ENTRIES << 10
# The record that ends a zip file, what may follow and what may precede it.
END_BYTES = 22
MAX_COMMENT_BYTES = (1 << 16) - 1
LOCATOR_BYTES = 20
CHUNK = 1 << 16


def pack(folder: Path, target: Path, top: str) -> None:
    """Write all of `folder` into the zip file `target`, below a folder named `top` there.

    Nothing is compressed, as what a compressor makes depends on its version.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as zipped:
        for name in checksums.listing(folder):
            entry = zipfile.ZipInfo(f"{top}/{name}", EPOCH)
            entry.create_system = UNIX
            mode = 0o755 if is_program(name) else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            zipped.writestr(entry, (folder / name).read_bytes())


def is_program(name: str) -> bool:
    """Whether a file of a hand-off is meant to be run by its name."""
    return name.endswith(".sh")


def unpack(file: Path, folder: Path) -> Path:
    """Unpack a zip file into `folder`; returns the one folder that it holds.

    Raises ProjectError for a file that is none, is damaged, holds more than a hand-off can, or
    anything but plain files below one folder.
    """
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise ProjectError(f"{file} has {size:,} B, the limit is {MAX_BYTES:,} B")
        _require_small_directory(file, size)
        with zipfile.ZipFile(file) as zipped:
            entries = [entry for entry in zipped.infolist() if not entry.is_dir()]
            top = _check(file, entries)
            left = MAX_BYTES
            for entry in entries:
                left = _extract(file, zipped, entry, folder / entry.filename, left)
    except OSError as error:
        raise ProjectError(f"{file} cannot be unpacked: {error.strerror or error}") from None
    except (
        *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, RuntimeError),
        *(NotImplementedError, ValueError, UnicodeError),
    ) as error:
        raise ProjectError(f"{file} is not a zip file that can be read: {error}") from None
    return folder / top


def is_ours(file: Path) -> bool:
    """Whether a file that is there already is a hand-off as a zip file."""
    try:
        size = file.stat().st_size
        _require_small_directory(file, size)
        with zipfile.ZipFile(file) as zipped:
            names = zipped.namelist()
    except (OSError, ProjectError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    return any(name.partition("/")[2] == manifest.NAME for name in names)


def _require_small_directory(file: Path, size: int) -> None:
    """Look at the end of the zip file, before all of its directory is read into memory."""
    with file.open("rb") as stream:
        stream.seek(max(0, size - END_BYTES - MAX_COMMENT_BYTES - LOCATOR_BYTES))
        tail = stream.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < END_BYTES:
        raise ProjectError(f"{file} is not a zip file, or not all of one")
    entries, directory = struct.unpack_from("<HI", tail, at + 10)
    # No hand-off needs the larger format, whose own record says other sizes.
    large = tail[max(0, at - LOCATOR_BYTES) : at].startswith(b"PK\6\7")
    if large or entries > MAX_ENTRIES or directory > MAX_DIRECTORY_BYTES:
        told = "more than 65,535" if large else f"{entries:,}"
        raise ProjectError(f"{file} has {told} files, the limit is {MAX_ENTRIES:,}")


def _check(file: Path, entries: list[zipfile.ZipInfo]) -> str:
    if len(entries) > MAX_ENTRIES:
        raise ProjectError(f"{file} has {len(entries):,} files, the limit is {MAX_ENTRIES:,}")
    total = sum(entry.file_size for entry in entries)
    if total > MAX_BYTES:
        raise ProjectError(f"{file} unpacks to {total:,} B, the limit is {MAX_BYTES:,} B")
    names = [entry.filename for entry in entries]
    wrong = [
        f"{entry.filename[:80]!r} is not a plain file below the folder"
        for entry in entries
        if not checksums.is_inside(entry.filename)
        or not entry.filename.isprintable()
        or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG)
    ]
    wrong += [f"{name[:80]!r} is there twice" for name, n in Counter(names).items() if n > 1]
    tops = {name.partition("/")[0] for name in names if "/" in name}
    if not wrong and (len(tops) != 1 or any("/" not in name for name in names)):
        wrong = [f"{len(tops)} folders at its top, a hand-off has one"]
    if wrong:
        raise ProjectError(f"{file} is not a hand-off", wrong[:20])
    return tops.pop()


def _extract(
    file: Path, zipped: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int
) -> int:
    """Write one file, whatever size it said it has; returns how many bytes may still come."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipped.open(entry) as source, target.open("xb") as sink:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise ProjectError(f"{file} unpacks to more than {MAX_BYTES:,} B")
            sink.write(chunk)
    return left
