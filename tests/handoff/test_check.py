"""`tinyflow handoff --check`: what holds, what does not, and what could not be looked at."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tinyflow import checksums, cli, uf2_file
from tinyflow.artifacts import FirmwareImage, FlashFile
from tinyflow.boards import Uf2, load_board
from tinyflow.errors import ProjectError
from tinyflow.handoff import archive, toolchain
from tinyflow.pipeline import handoff_check
from tinyflow.pipeline.handoff import Written
from tinyflow.pipeline.handoff_check import Check

NAMES = ("files", "bill of materials", "test vectors", "image")


@pytest.fixture
def copy(written: Written, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written.folder, tmp_path / "copy"))


def states(place: Path) -> dict[str, str]:
    return {item.name: item.state for item in handoff_check.check(place)}


def sign(folder: Path) -> None:
    """As whoever changed it on purpose would: new sums."""
    (folder / checksums.NAME).unlink()
    checksums.write(folder)


def test_as_written_all_holds(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """The zip: unpacked, compiled, run, and built again to the same bytes."""
    before = checksums.read(written.folder)
    assert cli.main(["handoff", "--check", str(written.archive), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [(item["name"], item["state"]) for item in told["checks"]] == [
        (name, "passed") for name in NAMES
    ]
    assert told["checks"][2]["detail"] == ["digits: 16 vectors, 10 layers each, every byte equal"]
    assert checksums.differences(written.folder, before) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda f: (f / "extra.c").write_text("int x;"), "extra.c is not listed"),
        (lambda f: (f / "model/digits.tflite").unlink(), "model/digits.tflite is missing"),
        (lambda f: (f / "NOTICE").write_text("none"), "NOTICE was changed"),
    ],
)
def test_changed_files_are_found_and_nothing_of_them_is_run(
    copy: Path, change: Callable[[Path], object], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change(copy)
    assert cli.main(["handoff", "--check", str(copy)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["files             failed", f"  {told}"]
    assert sum(line.endswith("skipped") for line in lines) == 3


@pytest.fixture
def built(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """Building again gives what was handed over, without a compiler's work."""
    place = written.folder / "image"

    def build(*given: object) -> FirmwareImage:
        files = (FlashFile(place / "firmware.bin", 0),)
        return FirmwareImage(
            "qemu-m4", "cmake", place / "firmware.elf", files, "", 0, 0, 0, 0, 0, "", ""
        )

    monkeypatch.setattr("tinyflow.build.build", build)


def test_an_image_that_is_not_built_from_its_sources(copy: Path, built: None) -> None:
    firmware = copy / "image/firmware.bin"
    firmware.write_bytes(firmware.read_bytes() + b"\0")
    sign(copy)
    found = {item.name: item for item in handoff_check.check(copy)}
    assert found["bill of materials"].detail == ("image/firmware.bin has another hash there",)
    assert found["image"].state == "failed"
    assert found["image"].detail == ("image/firmware.bin has other bytes when it is built here",)
    assert found["test vectors"].state == "passed"


def test_a_uf2_file_that_is_not_the_image(
    copy: Path, built: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if qemu-m4 had a bootloader's drive."""
    monkeypatch.setattr(handoff_check, "_vectors", lambda *given: Check("test vectors", "skipped"))
    board = replace(load_board("qemu-m4"), runners=("uf2",), uf2=Uf2(7, "RPI-RP2"))
    monkeypatch.setattr(handoff_check, "_board", lambda said: board)
    content = (copy / "image/firmware.bin").read_bytes()
    dragged = copy / "image/firmware.uf2"
    wrong = ("image/firmware.uf2 has other bytes when it is made here",)
    for data, detail in ((content, ()), (content + b"\1", wrong)):
        dragged.write_bytes(b"".join(uf2_file.blocks(data, 0, 7)))
        sign(copy)
        assert handoff_check.check(copy)[3].detail == detail
    dragged.unlink()
    sign(copy)
    assert handoff_check.check(copy)[3].detail == wrong


def test_vectors_that_do_not_hold(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = copy / "test/vectors.c"
    head, at, rest = vectors.read_text().partition("        .output = {\n            ")
    vectors.write_text(f"{head}{at}1{rest}")
    (copy / "model/digits.tflite").write_bytes(b"another")
    sign(copy)
    monkeypatch.setattr(toolchain, "compiler", lambda tools: None)
    found = {item.name: item for item in handoff_check.check(copy)}
    assert found["test vectors"].state == "failed"
    assert found["test vectors"].detail[0].startswith("vector 0: output byte 0 is")
    assert found["bill of materials"].detail == ("model/digits.tflite is another model",)
    assert found["image"].state == "skipped"


def test_another_compiler_is_told_and_nothing_compared(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = toolchain.Compiler("arm-none-eabi-gcc", "99.1.0", "gcc 99.1.0", "0" * 64)
    monkeypatch.setattr(toolchain, "compiler", lambda tools: other)
    monkeypatch.setattr("tinyflow.process.which", lambda program: None)
    vectors, image = handoff_check.check(written.folder)[2:]
    assert (vectors.state, image.state) == ("skipped", "skipped")
    assert image.detail[0].startswith("it was built with arm-none-eabi-gcc")
    assert image.detail[1] == "the compiler here is gcc 99.1.0"


def test_a_board_that_is_not_known_here(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = json.loads((copy / "handoff.json").read_text())
    (copy / "handoff.json").write_text(json.dumps({**said, "board": "nowhere"}))
    sign(copy)
    monkeypatch.setattr("tinyflow.process.which", lambda program: None)
    image = handoff_check.check(copy)[3]
    assert (image.state, image.detail) == (
        "skipped",
        ("board nowhere is unknown",),
    )


def test_firmware_that_does_not_build_is_a_finding(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handoff_check, "_vectors", lambda *given: Check("test vectors", "skipped"))
    (copy / "firmware/CMakeLists.txt").write_text("nonsense()\n")
    sign(copy)
    image = handoff_check.check(copy)[3]
    assert image.state == "failed"
    assert any("nonsense" in line for line in image.detail)


def test_what_is_no_hand_off_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="neither a folder nor a file"):
        handoff_check.check(tmp_path / "nowhere")
    with pytest.raises(ProjectError, match="is not a hand-off"):
        handoff_check.check(tmp_path)
    (tmp_path / "x.zip").write_bytes(b"PK nonsense")
    with pytest.raises(ProjectError, match="is not a zip file, or not all of one"):
        handoff_check.check(tmp_path / "x.zip")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("")
    archive.pack(tmp_path / "folder", tmp_path / "y.zip", "top")
    with pytest.raises(ProjectError, match="is not a hand-off"):
        handoff_check.check(tmp_path / "y.zip")


def test_links_out_of_a_folder_are_found(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.c").write_text("int x;")
    (copy / "test/vectors.c").unlink()
    (copy / "test/vectors.c").symlink_to(tmp_path / "outside.c")
    assert states(copy)["files"] == "failed"
    (copy / "firmware").rename(tmp_path / "elsewhere")
    (copy / "firmware").symlink_to(tmp_path / "elsewhere")
    assert states(copy)["files"] == "failed"
