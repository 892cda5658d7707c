"""The device under test: a session that outlives restarts, power cuts and bad lines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tinyflow.artifacts import CompiledModel, FirmwareImage
from tinyflow.boards import BoardProfile
from tinyflow.device import Device, Inference
from tinyflow.rig.faults import KINDS, FaultyLine, Kind

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes


@dataclass(frozen=True)
class Firmware:
    """What was built for a board, and is flashed there."""

    board: str
    image: FirmwareImage
    model: CompiledModel

    @property
    def sha256(self) -> str:
        """Of the image."""
        return self.image.sha256

    @property
    def build_id(self) -> str:
        """What the board says in its hello."""
        return self.image.build_id

    @property
    def model_sha256(self) -> str:
        """Of the .tflite."""
        return self.image.model_sha256

    @property
    def flash_bytes(self) -> int:
        """Of the whole image, from the linker's map file."""
        return self.image.flash_bytes

    @property
    def ram_bytes(self) -> int:
        """Of the whole image, from the linker's map file."""
        return self.image.ram_bytes

    def figures(self) -> dict[str, int]:
        """What reports show of it, in bytes and multiplications."""
        return {
            "flash_bytes": self.image.flash_bytes,
            "ram_bytes": self.image.ram_bytes,
            "arena_bytes": self.model.arena_bytes,
            "weights_bytes": self.model.weights_bytes,
            "macs": self.model.macs,
        }


@dataclass(frozen=True)
class Counted:
    """Counts of inferences, in the board's counter unit; all 0 before the first."""

    inferences: int = 0
    least: int = 0
    most: int = 0
    total: int = 0

    @property
    def mean(self) -> float:
        return self.total / self.inferences if self.inferences else 0.0

    def with_one(self, count: int) -> Counted:
        """The counts with one inference more."""
        least = min(self.least, count) if self.inferences else count
        return Counted(self.inferences + 1, least, max(self.most, count), self.total + count)


class Keeper(Protocol):
    """Who has the board: what a `Dut` asks for that is no matter of the session's."""

    def power_cycle(self, dut: Dut) -> None: ...

    def flash_again(self, dut: Dut) -> None: ...

    def restart(self, dut: Dut) -> None: ...

    def faulty_line(
        self, dut: Dut, rate: float, seed: int, kinds: tuple[Kind, ...]
    ) -> contextlib.AbstractContextManager[FaultyLine]: ...


class Dut(Device):
    """A `Device` that a rig keeps: the same object whatever happens to the board.

    `counted` are the inferences of this test. `board` is the name in the rig, `profile` the board's
    profile.
    """

    def __init__(self, device: Device, keeper: Keeper, board: str, profile: BoardProfile) -> None:
        # It is the session that `device` has, and there is only one of the two from here.
        vars(self).update(vars(device))
        self.board = board
        self.profile = profile
        self.counted = Counted()
        self._keeper = keeper

    def infer(self, data: bytes | Bytes, *, reset: bool = False) -> Inference:
        inference = super().infer(data, reset=reset)
        self.counted = self.counted.with_one(inference.count)
        return inference

    def power_cycle(self) -> None:
        """Cut the board's power, give it back, and go on when it answers.

        An emulated board's program is ended and started again; for others the hardware map names a
        command. Raises DeviceError where it names none, or the board does not come back.
        """
        self._keeper.power_cycle(self)

    def restart(self) -> None:
        """Restart the board by its reset line or its firmware, and go on when it answers."""
        self._keeper.restart(self)

    def flash(self) -> None:
        """Put the image on the board again, and go on when it answers."""
        self._keeper.flash_again(self)

    @contextlib.contextmanager
    def faulty_line(
        self, rate: float = 0.0, seed: int = 1, kinds: tuple[Kind, ...] = KINDS
    ) -> Iterator[FaultyLine]:
        """Go on over a line that damages each byte with chance `rate`, until the block ends.

        The line's `cut()` closes the connection once, as a cable that is pulled out; `reconnect`
        then goes on.
        """
        with self._keeper.faulty_line(self, rate, seed, kinds) as line:
            yield line
