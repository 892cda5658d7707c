"""Counts of layers: what the board told, without what telling took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tinyflow.artifacts import (
    CompiledModel,
    Cycles,
    Estimate,
    FirmwareImage,
    Footprint,
    LayerProfile,
    Profile,
)


@dataclass(frozen=True)
class Counts:
    """The count of an inference, and of each of its layers. They are parts of the whole."""

    whole: int
    layers: tuple[int, ...]

    @property
    def outside(self) -> int:
        """What is in no layer."""
        return max(0, self.whole - sum(self.layers))


def of_boards(whole: int, layers: Sequence[int], told: Sequence[int]) -> Counts:
    """Counts from an inference that nobody watched, and from one of which each layer was told.

    Being told costs the layer the same for each of its parts, between the counter's last reading
    and the next: `told` says how many parts each layer has. It is the least number that leaves the
    layers within the whole.
    """
    parts = Counter(told)
    over = max(0, sum(layers) - whole)
    each = -(-over // len(told)) if told else 0
    return Counts(
        whole, tuple(max(0, count - each * parts[index]) for index, count in enumerate(layers))
    )


def profile(
    compiled: CompiledModel,
    image: FirmwareImage,
    board: str,
    unit: str,
    counts: Counts,
    crcs: Sequence[int],
    *,
    latency_us: float | None = None,
    cycles: Sequence[Cycles] = (),
    estimate: Estimate | None = None,
) -> Profile:
    """The counts and checksums of the layers beside what the compiler knows of them.

    `image` is what was run, the whole of it counts where it is the board's own; `cycles` are the
    layers', if any.
    """
    layers = tuple(
        LayerProfile(
            index=layer.index,
            name=layer.name,
            op=layer.op,
            variant=layer.variant,
            shape=layer.outputs[0].shape,
            macs=layer.macs,
            count=counts.layers[layer.index],
            weights_bytes=layer.weights_bytes,
            output_bytes=layer.output_bytes,
            scratch_bytes=layer.scratch_bytes,
            crc32=crcs[layer.index],
            cycles=cycles[layer.index] if cycles else None,
        )
        for layer in compiled.layers
    )
    own = image.board == board and estimate is None
    return Profile(
        model=compiled.name,
        model_sha256=compiled.model_sha256,
        board=board,
        builder=image.builder,
        backend=compiled.backend,
        unit=unit,
        count=counts.whole,
        outside=counts.outside,
        layers=layers,
        weights_bytes=compiled.weights_bytes,
        arena_bytes=compiled.arena_bytes,
        footprint=Footprint(
            library_code_bytes=image.library_code_bytes,
            library_flash_bytes=image.library_flash_bytes,
            library_ram_bytes=image.library_ram_bytes,
            flash_bytes=image.flash_bytes if own else None,
            ram_bytes=image.ram_bytes if own else None,
        ),
        latency_us=latency_us,
        estimate=estimate,
    )
