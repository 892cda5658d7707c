"""The files of the page: tinyflow's own, and D3 out of an installed package."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyflow import paths
from tinyflow.errors import ToolError

# The one package with nothing else in need of it that carries D3 7; it is never imported.
PACKAGE = "gravis"
VERSION = "0.1.0"
D3_FILE = "gravis/_internal/plotting/third_party/d3/d3.v7.min.def.js"
D3_LICENCE = "gravis/_internal/plotting/third_party/d3/ORIGINAL_LICENSE"
SHA256 = {
    D3_FILE: "3659989c4e97794f43ea723057f5f96702bdbeffd6b244dbbd436b286431d149",
    D3_LICENCE: "e008c5e25a6be382593089c29bfabbc553c6378eee02895aec46ce396cc404ee",
}

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class Asset:
    """A file as it goes to the browser; `tag` changes when the content does."""

    content: bytes
    kind: str
    tag: str


def load() -> Mapping[str, Asset]:
    """All files by the path of their URL; the page itself is `/`.

    They are read once: what is not in here does not exist, whatever a URL says. Raises ToolError
    where the package with D3 is missing or is another one.
    """
    folder = paths.data_folder("templates") / "dashboard"
    found = {
        f"/static/{file.name}": _asset(file.read_bytes(), file.suffix)
        for file in sorted(folder.iterdir())
        if file.suffix in KINDS
    }
    found["/"] = found.pop("/static/index.html")
    found["/d3.js"] = _asset(_packed(D3_FILE), ".js")
    found["/d3-licence.txt"] = _asset(_packed(D3_LICENCE), ".txt")
    return found


def _asset(content: bytes, suffix: str) -> Asset:
    return Asset(content, KINDS[suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _packed(name: str) -> bytes:
    """A file of the package with D3, if it is the one that tinyflow was tested with."""
    from importlib import metadata

    hint = f"pip install --force-reinstall --no-deps {PACKAGE}=={VERSION}"
    try:
        file = Path(str(metadata.distribution(PACKAGE).locate_file(name)))
        content = file.read_bytes()
    except metadata.PackageNotFoundError:
        raise ToolError(
            f"D3, which draws the dashboard, is missing: package {PACKAGE} is not installed",
            hints=[hint],
        ) from None
    except OSError as error:
        raise ToolError(f"{name} of package {PACKAGE}: {error.strerror}", hints=[hint]) from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256[name]:
        raise ToolError(
            f"{file} is not the file that tinyflow was tested with",
            [f"SHA-256 {digest}", f"expected {SHA256[name]}"],
            [hint],
        )
    return content
