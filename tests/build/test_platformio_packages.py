"""What PlatformIO needs: seen without the network, installed from the package index, or named."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tinyflow import tools
from tinyflow.boards import platform_name
from tinyflow.build import platformio_packages
from tinyflow.errors import ToolError

UPSTREAM = "espressif32 @ ~6.13.0"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of tinyflow's own, empty."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("TINYFLOW_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def upstream_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project for an upstream platform, and a PlatformIO that has nothing installed."""
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(tmp_path / "core"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "platformio.ini").write_text(
        f"[env:esp32]\nplatform = {UPSTREAM}\nboard = esp32dev\nframework = espidf\n"
    )
    return folder


def scons_wheel(folder: Path, release: str) -> None:
    """A wheel that pip takes for SCons `release`, without what makes SCons large."""
    folder.mkdir()
    info = f"scons-{release}.dist-info"
    with zipfile.ZipFile(folder / f"scons-{release}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("SCons/__init__.py", f'__version__ = "{release}"\n')
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: scons\nVersion: {release}\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


@pytest.mark.parametrize(
    ("requirement", "release"),
    [("~4.41101.0", "4.11.1"), ("~4.40502.0", "4.5.2"), ("4.40001.0", "4.0.1")],
)
def test_the_scons_release_is_read_from_the_package_version(requirement: str, release: str) -> None:
    assert platformio_packages.scons_version(requirement) == release


@pytest.mark.parametrize("requirement", ["", "*", "~4", "latest"])
def test_an_unknown_numbering_of_scons_is_an_error(requirement: str) -> None:
    with pytest.raises(ToolError, match="unknown numbering"):
        platformio_packages.scons_version(requirement)


def test_only_boards_of_tinyflow_use_its_own_core_directory(cache: Path) -> None:
    own = platformio_packages.environment("tinyflow")
    upstream = platformio_packages.environment(UPSTREAM)
    assert own["PLATFORMIO_CORE_DIR"] == str(cache / "platformio")
    assert "PLATFORMIO_CORE_DIR" not in upstream
    for environment in (own, upstream):
        assert environment["PLATFORMIO_SETTING_ENABLE_TELEMETRY"] == "no"
        assert environment["PLATFORMIO_DISABLE_UPGRADE_CHECK"] == "true"


def test_the_probe_names_a_platform_that_is_missing(upstream_project: Path, offline: None) -> None:
    installed = platformio_packages.probe(upstream_project, "esp32", UPSTREAM)
    assert installed.platform == UPSTREAM
    assert installed.platform_version is None
    assert installed.scons is None
    assert installed.core_dir == upstream_project.parent / "core"
    assert installed.lacking == (
        f"platform {UPSTREAM}",
        f"package tool-scons @ {installed.scons_requirement}",
    )
    assert not installed.core_dir.exists(), "looking must not make a core directory"


def test_the_probe_names_packages_of_an_installed_platform(
    upstream_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = tmp_path / "core" / "platforms" / "espressif32"
    platform.mkdir(parents=True)
    manifest = {
        "name": "espressif32",
        "title": "Espressif 32",
        "version": "6.13.0",
        "frameworks": {"espidf": {"package": "framework-espidf", "script": "x.py"}},
        "packages": {
            "framework-espidf": {"optional": True, "owner": "platformio", "version": "~3.5.0"},
            "toolchain-xtensa-esp-elf": {"owner": "espressif", "version": "14.2.0"},
            "tool-openocd-esp32": {"optional": True, "owner": "platformio", "version": "~2.0.0"},
        },
    }
    (platform / "platform.json").write_text(json.dumps(manifest))
    installed = platformio_packages.probe(upstream_project, "esp32", UPSTREAM)
    assert installed.platform_version == "6.13.0"
    # The project's framework makes its package a needed one; what is optional stays so.
    assert installed.missing == (
        "platformio/framework-espidf @ ~3.5.0",
        "espressif/toolchain-xtensa-esp-elf @ 14.2.0",
    )
    monkeypatch.setattr(platformio_packages, "registry_answers", lambda: False)
    with pytest.raises(ToolError, match="is not complete") as caught:
        platformio_packages.require(installed, upstream_project, "esp32", UPSTREAM)
    assert "missing: package platformio/framework-espidf @ ~3.5.0" in str(caught.value)
    assert f"pio pkg install -d {upstream_project}" in str(caught.value)


def test_a_missing_upstream_platform_is_told_at_once(upstream_project: Path, offline: None) -> None:
    installed = platformio_packages.probe(upstream_project, "esp32", UPSTREAM)
    with pytest.raises(ToolError) as caught:
        platformio_packages.require(installed, upstream_project, "esp32", UPSTREAM)
    text = str(caught.value)
    first, *_ = text.splitlines()
    assert first == (
        f"PlatformIO's platform {UPSTREAM} is not installed, "
        "and PlatformIO's registry does not answer"
    )
    assert f"missing: platform {UPSTREAM}" in text
    assert "missing: package tool-scons" in text
    assert f'pio pkg install -g -p "{UPSTREAM}"' in text
    assert str(installed.core_dir) in text


def test_with_a_registry_the_missing_is_left_to_platformio(
    upstream_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = platformio_packages.probe(upstream_project, "esp32", UPSTREAM)
    monkeypatch.setattr(platformio_packages, "registry_answers", lambda: True)
    assert platformio_packages.require(installed, upstream_project, "esp32", UPSTREAM) is True


def test_a_registry_out_of_reach_is_a_plain_no(offline: None) -> None:
    assert platformio_packages.registry_answers() is False


def test_scons_comes_from_the_package_index(
    cache: Path, tmp_path: Path, offline: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert platformio_packages.scons_folder() is None
    requirement = platformio_packages._ask(platformio_packages.environment("tinyflow"), "core")[
        "scons"
    ]["requirement"]
    scons_wheel(tmp_path / "wheels", platformio_packages.scons_version(requirement))
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    home = platformio_packages.install_scons()
    assert home.is_relative_to(cache)
    assert (home / "SCons" / "__init__.py").is_file()
    assert (home / "scons.py").is_file()
    # PlatformIO finds it as the package it would have downloaded itself.
    assert platformio_packages.scons_folder() == home
    monkeypatch.delenv("PIP_FIND_LINKS")
    assert platformio_packages.install_scons() == home, "the second time needs no index"


def test_without_an_index_nothing_is_left_half_installed(cache: Path, offline: None) -> None:
    with pytest.raises(ToolError) as caught:
        platformio_packages.install_scons()
    assert "scons==" in caught.value.what
    assert caught.value.hints
    assert platformio_packages.scons_folder() is None
    assert not list((cache / "platformio").glob(".partial-*"))


def test_an_upstream_platform_is_found_where_it_is_installed(
    upstream_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert platformio_packages.platform_folder(UPSTREAM) is None
    monkeypatch.setattr(platformio_packages, "registry_answers", lambda: False)
    with pytest.raises(ToolError, match="registry does not answer") as caught:
        platformio_packages.install_platform(UPSTREAM)
    assert f'pio pkg install -g -p "{UPSTREAM}"' in str(caught.value)
    home = tmp_path / "core" / "platforms" / "espressif32"
    shutil.copytree(Path(__file__).parent / "espressif32_stub", home)
    assert platformio_packages.platform_folder(UPSTREAM) == home
    assert platformio_packages.install_platform(UPSTREAM) == home
    assert platformio_packages.platform_folder("espressif32 @ ~7.0.0") is None
    found = tools.find("espressif32", lambda: platformio_packages.platform_folder(UPSTREAM))
    assert (found.version, found.usable) == ("6.13.0", True)


@pytest.mark.parametrize("spec", [UPSTREAM, "platformio/espressif32@~6.13.0", "espressif32"])
def test_a_platform_is_called_by_its_name(spec: str) -> None:
    assert platform_name(spec) == "espressif32"


@pytest.mark.parametrize(
    "rest", ["", ".git", ".git#v55.03", "/releases/download/55.03.37/platform-espressif32.zip"]
)
def test_a_platform_of_a_url_is_called_by_its_owner_too(rest: str) -> None:
    spec = f"https://github.com/somebody/platform-espressif32{rest}"
    assert platform_name(spec) == "somebody-espressif32"
