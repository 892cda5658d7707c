"""The bill of materials: valid by the format's own schema, complete, the same every time."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tinyflow import checksums
from tinyflow.artifacts import CompiledModel
from tinyflow.errors import ProjectError
from tinyflow.handoff import manifest, notices, sbom
from tinyflow.pipeline.handoff import Written

Change = Callable[[Any], object]


@pytest.fixture(scope="module")
def bill(written: Written) -> Any:
    return json.loads((written.folder / sbom.NAME).read_bytes())


def valid(text: str) -> bool:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator = JsonStrictValidator(SchemaVersion.from_version(sbom.SPEC))
    return validator.validate_str(text) is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_is_valid_by_the_official_schema(written: Written) -> None:
    text = (written.folder / sbom.NAME).read_text(encoding="utf-8")
    assert valid(text)
    assert not valid(text.replace('"firmware"', '"nonsense"', 1))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_with_an_sdk_it_says_that_it_is_not_complete(
    digits: CompiledModel, invented: Any, tmp_path: Path
) -> None:
    sbom.write(tmp_path, digits, invented.image, None, (), "espressif32 @ ~6.13.0")
    text = (tmp_path / sbom.NAME).read_text(encoding="utf-8")
    assert valid(text)
    bill = json.loads(text)
    (sdk,) = (item for item in bill["components"] if item["bom-ref"] == "sdk")
    assert (sdk["name"], sdk["version"]) == ("espressif32", "~6.13.0")
    assert "which they are is not listed here" in sdk["description"]
    assert {item["aggregate"] for item in bill["compositions"]} == {
        *("incomplete", "incomplete_third_party_only"),
    }
    notices.write(tmp_path, "digits-esp32", digits, (), "espressif32 @ ~6.13.0")
    notice = (tmp_path / "NOTICE").read_text(encoding="utf-8")
    assert "PlatformIO's platform espressif32 @ ~6.13.0." in notice
    assert "nothing of the compiler's" not in notice


def test_it_says_what_is_in_the_image(bill: Any, written: Written) -> None:
    components = {item["bom-ref"]: item for item in bill["components"]}
    assert bill["metadata"]["component"]["version"] == written.build_id
    assert components["model"]["hashes"][0]["content"] == written.model_sha256
    assert components["compiler"]["scope"] == "excluded"
    assert re.match(r"\d+\.\d+\.\d+$", components["compiler"]["version"])
    assert components["newlib"]["version"][0].isdigit()
    assert {"generated", "kernels", "runtime", "application", "image"} <= components.keys()
    kernels = {item["name"].rpartition("/")[2] for item in components["kernels"]["components"]}
    assert {"conv_2d_block_dsp.S", "softmax_s8.c", "tnf_kernels.h"} <= kernels
    assert not any(name.startswith("digits") for name in kernels)
    depends = bill["dependencies"][0]
    assert depends["ref"] == "firmware"
    assert "compositions" not in bill
    assert set(depends["dependsOn"]) == components.keys() - {"compiler"}


def test_it_has_no_date_and_its_number_is_that_of_its_content(bill: Any) -> None:
    assert "timestamp" not in json.dumps(bill)
    assert re.match(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-", bill["serialNumber"])


def found(written: Written, folder: Path, change: Change) -> list[str]:
    """What is found in a copy of the hand-off after `change` of its bill."""
    copy = Path(shutil.copytree(written.folder, folder / "copy"))
    bill = json.loads((copy / sbom.NAME).read_bytes())
    change(bill)
    (copy / sbom.NAME).write_text(json.dumps(bill))
    said = manifest.read(copy)
    return sbom.findings(copy, said.model_sha256, said.build_id)


# fmt: off
CHANGES: list[tuple[Change, str]] = [
    (lambda b: b["metadata"]["component"].update(version="x"), "its firmware is build x"),
    (lambda b: b["components"][0]["hashes"][0].update(content="0" * 64), "its model is not"),
    (lambda b: b["components"][1]["components"].pop(), "is not in it"),
    (lambda b: b["components"][1]["components"][0].update(name="x.c"), "but not in the hand-off"),
    (lambda b: b["components"][1]["components"][0]["hashes"][0].update(content="0"),
     "another hash"),
    (lambda b: b.update(version=2), "its serial number is not that of its content"),
    (lambda b: b.update(components=None), "it is not as tinyflow writes it"),
    (lambda b: b.update(components=[[]]), "it is not as tinyflow writes it"),
    (lambda b: b["components"][1].update(components=5), "it is not as tinyflow writes it"),
    (lambda b: b["components"][1]["components"][0].update(name=[1]), "it is not as"),
    (lambda b: b.clear(), "it is not as tinyflow writes it"),
]
# fmt: on


@pytest.mark.parametrize(("change", "told"), CHANGES)
def test_what_is_not_so_is_found(
    written: Written, tmp_path: Path, change: Change, told: str
) -> None:
    assert any(told in finding for finding in found(written, tmp_path, change))


def test_as_written_nothing_is_found(written: Written, tmp_path: Path) -> None:
    assert found(written, tmp_path, lambda bill: None) == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b" " * (9 << 20)])
def test_a_bill_that_is_none_is_an_error_of_ours(content: bytes, tmp_path: Path) -> None:
    (tmp_path / sbom.NAME).write_bytes(content)
    with pytest.raises(ProjectError, match=r"sbom\.cdx\.json"):
        sbom.findings(tmp_path, "", "")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": None},
        {"elf": "../x"},
        {"model": "/etc/passwd"},
        {"images": []},
        {"images": [{"file": "../../x", "offset": 0}]},
        {"images": [{"file": "image/x", "offset": -1}]},
        {"name": "a/b"},
        {"name": 5},
        {"more": 1},
    ],
)
def test_a_manifest_that_lies_is_an_error_of_ours(
    change: dict[str, Any], written: Written, tmp_path: Path
) -> None:
    said = json.loads((written.folder / manifest.NAME).read_bytes())
    (tmp_path / manifest.NAME).write_text(json.dumps({**said, **change}))
    with pytest.raises(ProjectError, match=r"handoff\.json"):
        manifest.read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 60_000, b" " * (1 << 17)])
def test_a_manifest_that_is_none_is_an_error_of_ours(content: bytes, tmp_path: Path) -> None:
    (tmp_path / manifest.NAME).write_bytes(content)
    with pytest.raises(ProjectError, match=r"handoff\.json"):
        manifest.read(tmp_path)


def test_every_file_of_code_is_in_it(bill: Any, written: Written) -> None:
    listed = {f["name"] for item in bill["components"] for f in item.get("components", ())}
    code = {
        name
        for name in checksums.listing(written.folder)
        if name.endswith((".c", ".h", ".S")) and not name.startswith("test/")
    }
    assert code <= listed
