"""Build hook: what an installation for development takes along."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """Leaves out the data, which such an installation reads where it stands.

    Copies of it would only be stale. And pytest takes any Python file that a distribution with a
    plugin lists, as PlatformIO's `platform.py` there, for a module that it must rewrite.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            build_data["force_include_editable"] = {f"{self.root}/LICENSE": "tinyflow/data/LICENSE"}
