"""SHA256SUMS: what files a folder has and their hashes, as sha256sum writes and checks them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from tinyflow.errors import ProjectError

NAME = "SHA256SUMS"
MAX_BYTES = 1 << 20
MAX_FILES = 4096

_LINE = re.compile(r"([0-9a-f]{64}) [ *]([\x20-\x7e]{1,512})")


def write(folder: Path) -> None:
    """Write the sums of all files in `folder`, sorted by path."""
    lines = [f"{file_sha256(folder / name)}  {name}\n" for name in listing(folder) if name != NAME]
    (folder / NAME).write_bytes("".join(lines).encode())


def read(folder: Path) -> Mapping[str, str]:
    """Each path below `folder`, with slashes, and its hash, as SHA256SUMS says.

    Raises ProjectError when that file is not there or anything is wrong with it; no path it gives
    leaves the folder.
    """
    file = folder / NAME
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ProjectError(f"{file} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ProjectError(f"{file} has more than {MAX_BYTES:,} B")
    lines = raw.decode("ascii", "replace").splitlines()
    if len(lines) > MAX_FILES:
        raise ProjectError(f"{file} has {len(lines):,} lines, the limit is {MAX_FILES:,}")
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is None or not is_inside(match[2]) or match[2] in sums:
            raise ProjectError(f"{file}, line {number}, is no sum of a file: {line[:80]!r}")
        sums[match[2]] = match[1]
    return sums


def differences(folder: Path, sums: Mapping[str, str]) -> list[str]:
    """What of the files in `folder` is not as `sums` say: changed, missing, not listed."""
    there = set(listing(folder)) - {NAME}
    findings = [f"{name} is missing" for name in sorted(sums.keys() - there)]
    findings += [f"{name} is not listed" for name in sorted(there - sums.keys())]
    findings += [
        f"{name} was changed"
        for name in sorted(there & sums.keys())
        if file_sha256(folder / name) != sums[name]
    ]
    return findings


def listing(folder: Path) -> list[str]:
    """The paths of all that is in `folder` but folders, with slashes, sorted."""
    return sorted(_walk(folder, ""))


def is_inside(name: str) -> bool:
    """Whether a path with slashes stays below the folder it is meant for, on any system."""
    parts = name.split("/")
    plain = all(part not in ("", ".", "..") for part in parts)
    return plain and "\\" not in name and ":" not in name and not PurePosixPath(name).is_absolute()


def file_sha256(file: Path) -> str:
    """The SHA-256 of a file, as hex; a link is not followed, its hash is that of where it leads."""
    if file.is_symlink():
        return hashlib.sha256(b"link " + bytes(file.readlink())).hexdigest()
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 16):
            digest.update(chunk)
    return digest.hexdigest()


def _walk(folder: Path, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry, f"{name}/")
        else:
            yield name
