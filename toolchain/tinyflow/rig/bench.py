"""All boards of a run: chosen once, taken when a test needs them, given back at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow import config, paths
from tinyflow.device.hardware_map import HardwareMap, load_map
from tinyflow.rig.places import Place, Wanted, choose
from tinyflow.rig.seat import Seat, Terms


@dataclass(frozen=True)
class Request:
    """What a run of tests asks for."""

    wanted: Wanted
    terms: Terms
    hardware_map: Path | None = None


class Bench:
    """The boards that `request` means. Raises ProjectError where it cannot be."""

    def __init__(self, request: Request) -> None:
        self.rig: HardwareMap | None = None
        if request.hardware_map is not None:
            self.rig = load_map(request.hardware_map)
        folder = request.terms.project or request.terms.folder
        self.places = choose(request.wanted, self.rig, folder, _senses(folder))
        self._terms = request.terms
        self._seats: dict[str, Seat] = {}

    def matching(self, names: Sequence[str]) -> list[Place]:
        """The boards that have one of these names or profiles; all where none is named."""
        return [
            place
            for place in self.places
            if not names or place.name in names or place.profile.name in names
        ]

    def seat(self, place: Place) -> Seat:
        """The board in use; the same object all through the run."""
        if place.name not in self._seats:
            self._seats[place.name] = Seat(place, self._terms)
        return self._seats[place.name]

    def close(self) -> None:
        """Give all boards back."""
        for seat in self._seats.values():
            seat.close()
        self._seats.clear()


def _senses(folder: Path) -> frozenset[str]:
    """`sensor`, where the project has a `[sensor]`, so that its firmware senses."""
    if paths.find_project(folder) is None or config.load_project(folder).config.sensor is None:
        return frozenset()
    return frozenset(["sensor"])
