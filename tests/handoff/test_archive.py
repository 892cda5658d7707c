"""Zip files from elsewhere: bounded, and nothing leaves the folder they are unpacked into."""

from __future__ import annotations

import contextlib
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from tinyflow.errors import ProjectError
from tinyflow.handoff import archive


def zipped(folder: Path, entries: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(folder / "x.zip", "w", kind) as file:
        for name, content in entries.items():
            file.writestr(zipfile.ZipInfo(name), content, kind)
    return folder / "x.zip"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../outside",
            "top/../../outside",
            "/etc/outside",
            "top//x",
            "top/./x",
            "C:/x",
            "top\\..\\x",
        ),
        *("top/a\x1b[31m", "top/a\nb", "loose"),
    ],
)
def test_no_name_leaves_the_folder(name: str, tmp_path: Path) -> None:
    file = zipped(tmp_path, {"top/README.md": b"", name: b"hostile"})
    target = tmp_path / "deep" / "target"
    target.mkdir(parents=True)
    with pytest.raises(ProjectError, match="is not a hand-off"):
        archive.unpack(file, target)
    assert list(target.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "x.zip"]


def test_links_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        entry = zipfile.ZipInfo("top/link")
        entry.create_system = 3
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(entry, "/etc/passwd")
    with pytest.raises(ProjectError, match="is not a hand-off"):
        archive.unpack(tmp_path / "x.zip", tmp_path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_twice_the_same_name_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("top/a", "one")
        file.writestr("top/a", "two")
    with pytest.raises(ProjectError) as told:
        archive.unpack(tmp_path / "x.zip", tmp_path)
    assert "'top/a' is there twice" in told.value.detail


def test_bombs_are_refused_before_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 100_000)
    file = zipped(tmp_path, {"top/zeros": bytes(200_000)})
    assert file.stat().st_size < 1000
    with pytest.raises(ProjectError, match="unpacks to 200,000 B, the limit is 100,000 B"):
        archive.unpack(file, tmp_path)
    # One that lies about its size is stopped while it is unpacked, or found to be damaged.
    content = bytearray(file.read_bytes())
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, content.index(signature) + place, 10)
    file.write_bytes(content)
    with pytest.raises(ProjectError):
        archive.unpack(file, tmp_path)
    assert sum(f.stat().st_size for f in tmp_path.rglob("zeros")) <= 100_000


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    file = zipped(tmp_path, {f"top/{number}": b"" for number in range(4)})
    with pytest.raises(ProjectError, match="has 4 files, the limit is 3"):
        archive.unpack(file, tmp_path)


def test_a_directory_larger_than_any_is_not_read(tmp_path: Path) -> None:
    file = zipped(tmp_path, {"top/a": b"more"})
    content = file.read_bytes()
    at = content.index(b"PK\x05\x06")
    many = bytearray(content)
    struct.pack_into("<H", many, at + 10, archive.MAX_ENTRIES + 1)
    wide = bytearray(content)
    struct.pack_into("<I", wide, at + 12, archive.MAX_DIRECTORY_BYTES + 1)
    large = content[:at] + b"PK\x06\x07".ljust(archive.LOCATOR_BYTES, b"\0") + content[at:]
    for damaged in (many, wide, large):
        file.write_bytes(damaged)
        with pytest.raises(ProjectError, match="files, the limit is 4,096"):
            archive.unpack(file, tmp_path)
        assert not archive.is_ours(file)


def test_damage_is_an_error_of_ours(tmp_path: Path) -> None:
    content = zipped(tmp_path, {"top/a": b"words " * 50, "top/b": b"more"}).read_bytes()
    for number, at in enumerate(range(0, len(content), 7)):
        target = tmp_path / str(number)
        target.mkdir()
        (tmp_path / "y.zip").write_bytes(
            content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]
        )
        with contextlib.suppress(ProjectError):
            archive.unpack(tmp_path / "y.zip", target)
    for end in range(0, len(content), 11):
        (tmp_path / "y.zip").write_bytes(content[:end])
        with pytest.raises(ProjectError):
            archive.unpack(tmp_path / "y.zip", tmp_path)


def test_a_file_and_a_folder_of_one_name_are_an_error(tmp_path: Path) -> None:
    file = zipped(tmp_path, {"top/a": b"", "top/a/b": b""})
    with pytest.raises(ProjectError, match="cannot be unpacked"):
        archive.unpack(file, tmp_path)
