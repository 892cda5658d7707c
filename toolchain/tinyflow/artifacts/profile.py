"""Where an inference's time goes, layer by layer: counted, and estimated in cycles."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cycles:
    """What something takes on a core: at least `low`, at most `high` cycles."""

    low: int
    high: int

    @property
    def middle(self) -> int:
        return (self.low + self.high) // 2

    def __add__(self, other: Cycles) -> Cycles:
        return Cycles(self.low + other.low, self.high + other.high)


@dataclass(frozen=True)
class Footprint:
    """What was built for a profile, in bytes: code, flash and RAM of the inference library, and
    the whole image, None where that is not the board's own.
    """

    library_code_bytes: int
    library_flash_bytes: int
    library_ram_bytes: int
    flash_bytes: int | None = None
    ram_bytes: int | None = None


@dataclass(frozen=True)
class LayerProfile:
    """One layer of an inference. `count` is in the profile's unit, `cycles` are estimated;
    `crc32` is that of its output's bytes.
    """

    index: int
    name: str
    op: str
    variant: str
    shape: tuple[int, ...]
    macs: int
    count: int
    weights_bytes: int
    output_bytes: int
    scratch_bytes: int
    crc32: int
    cycles: Cycles | None = None

    @property
    def weight(self) -> int:
        """What its share is told by: the middle of the estimate where there is one."""
        return self.cycles.middle if self.cycles is not None else self.count

    @property
    def per_mac(self) -> float | None:
        return self.count / self.macs if self.macs else None


@dataclass(frozen=True)
class Estimate:
    """Cycles of one inference that no board has counted. `core` is the core they are of, `counted`
    the board whose emulator counted the instructions. `basis` says what they were made of, and
    what was assumed.
    """

    core: str
    counted: str
    cycles: Cycles
    clock_hz: int
    basis: tuple[str, ...]

    @property
    def microseconds(self) -> tuple[float, float] | None:
        """Its time, None where the clock is not known."""
        if not self.clock_hz:
            return None
        return self.cycles.low * 1e6 / self.clock_hz, self.cycles.high * 1e6 / self.clock_hz


@dataclass(frozen=True)
class Profile:
    """One inference of a model on a board.

    `count` is the whole inference's, of which `outside` is in no layer: entering the model and
    leaving it. `builder` is what the image was built with. `latency_us` is the count as time, None
    where it is none. With an `estimate` the counts are instructions of an emulator, and the library
    is as it was built for that.
    """

    model: str
    model_sha256: str
    board: str
    builder: str
    backend: str
    unit: str
    count: int
    outside: int
    layers: tuple[LayerProfile, ...]
    weights_bytes: int
    arena_bytes: int
    footprint: Footprint
    latency_us: float | None = None
    estimate: Estimate | None = None

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def weight(self) -> int:
        """What shares are parts of."""
        return sum(layer.weight for layer in self.layers)

    def share(self, layer: LayerProfile) -> float:
        """The part that a layer takes of all layers, 0 to 1."""
        return layer.weight / self.weight if self.weight else 0.0
