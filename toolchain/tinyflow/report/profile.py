"""The profile of an inference as one page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tinyflow import __version__, render
from tinyflow.artifacts import LayerProfile, Profile

WIDTH = 1000.0
COLOURS = 8
# What a character of a label is wide, and the room that it needs beside it.
CHARACTER = 7.6
MARGIN = 10.0


@dataclass(frozen=True)
class Bar:
    """A rectangle of the drawing: its place, what is written in it and what is told of it."""

    x: str
    middle: str
    width: str
    colour: int
    label: str
    share: str
    tip: str


@dataclass(frozen=True)
class Row:
    """A layer in the table. `share` is a percentage, `bar` how wide the bar behind it is, in
    percents of the widest; `cells` are texts."""

    colour: int
    operator: str
    output: str
    variant: str
    name: str
    share: str
    bar: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """The context of `report/profile.html.j2`."""

    version: str
    title: str
    facts: tuple[tuple[str, str], ...]
    note: str
    columns: tuple[str, ...]
    layers: tuple[Bar, ...]
    operators: tuple[Bar, ...]
    rows: tuple[Row, ...]
    totals: tuple[str, ...]


def page(profile: Profile) -> str:
    """The page's text."""
    return render.render("report/profile.html.j2", context(profile))


def context(profile: Profile) -> Page:
    """What the page shows, as texts."""
    weights = _by_operator(profile.layers)
    colours = {op: min(rank, COLOURS - 1) for rank, op in enumerate(weights)}
    most = max((layer.weight for layer in profile.layers), default=0) or 1
    what = _what(profile)
    estimated = profile.estimate is not None
    return Page(
        version=__version__,
        title=f"{profile.model} on {profile.board}",
        facts=tuple(_facts(profile)),
        note=_note(profile),
        columns=(
            *(profile.unit, "per MAC"),
            *(("cycles from", "to") if estimated else ()),
            *("MACs", "weights, B", "output, B", "scratch, B"),
        ),
        layers=_bars(
            profile,
            [
                (
                    layer.weight,
                    colours[layer.op],
                    f"{layer.index} {layer.op}",
                    str(layer.index),
                    f"{layer.index} {layer.op} {shape_text(layer.shape)}, {layer.variant}\n"
                    f"{layer.name}\n{layer.weight:,} {what}",
                )
                for layer in profile.layers
            ],
        ),
        operators=_bars(
            profile,
            [
                (weight, colours[op], op, "", f"{op}\n{weight:,} {what}")
                for op, weight in weights.items()
            ],
        ),
        rows=tuple(
            Row(
                colours[layer.op],
                layer.op,
                shape_text(layer.shape),
                layer.variant,
                layer.name,
                f"{100 * profile.share(layer):.1f}",
                f"{100 * layer.weight / most:.0f}",
                tuple(_cells(layer, estimated=estimated)),
            )
            for layer in profile.layers
        ),
        totals=tuple(_totals(profile, estimated=estimated)),
    )


def shape_text(shape: Sequence[int]) -> str:
    """A shape without its batch: 32×32×16."""
    return "×".join(map(str, shape[1:] if len(shape) > 1 else shape)) or "1"


def _by_operator(layers: Iterable[LayerProfile]) -> dict[str, int]:
    """What each operator takes, the most first."""
    found: dict[str, int] = {}
    for layer in layers:
        found[layer.op] = found.get(layer.op, 0) + layer.weight
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _bars(profile: Profile, parts: Sequence[tuple[int, int, str, str, str]]) -> tuple[Bar, ...]:
    """Rectangles side by side: weight, colour, a label, a shorter one, and the text to point at."""
    bars, x = [], 0.0
    total = profile.weight or 1
    for weight, colour, label, short, tip in parts:
        width = WIDTH * weight / total
        share = f"{100 * weight / total:.1f} %"
        bars.append(
            Bar(
                f"{x:.2f}",
                f"{x + width / 2:.2f}",
                f"{width:.2f}",
                colour,
                next((text for text in (label, short) if _fits(text, width)), ""),
                share if _fits(share, width) else "",
                f"{tip}, {share}",
            )
        )
        x += width
    return tuple(bars)


def _fits(text: str, width: float) -> bool:
    return len(text) * CHARACTER + MARGIN <= width


def _what(profile: Profile) -> str:
    return profile.unit if profile.estimate is None else "cycles, middle of the estimate"


def _facts(profile: Profile) -> Iterable[tuple[str, str]]:
    yield "one inference", f"{profile.count:,} {profile.unit}"
    if profile.macs:
        yield "MACs", f"{profile.macs:,}, {profile.count / profile.macs:.2f} {profile.unit} each"
    if profile.latency_us is not None:
        yield "latency", f"{profile.latency_us / 1000:,.3f} ms"
    found = profile.estimate
    if found is not None:
        yield "estimate", f"{found.cycles.low:,} to {found.cycles.high:,} cycles"
        if found.microseconds is not None:
            low, high = found.microseconds
            clock = f"{found.clock_hz / 1e6:g} MHz"
            yield "estimated time", f"{low / 1000:,.2f} to {high / 1000:,.2f} ms at {clock}"
    built = profile.footprint
    yield (
        "library flash",
        f"{built.library_flash_bytes:,} B: code {built.library_code_bytes:,}, "
        f"weights {profile.weights_bytes:,}",
    )
    yield "library RAM", f"{built.library_ram_bytes:,} B: arena {profile.arena_bytes:,}"
    if built.flash_bytes is not None and built.ram_bytes is not None:
        yield "whole image", f"flash {built.flash_bytes:,} B, RAM {built.ram_bytes:,} B"
    yield "kernels", profile.backend


def _note(profile: Profile) -> str:
    if profile.estimate is not None:
        return " ".join(f"{text[:1].upper()}{text[1:]}." for text in profile.estimate.basis)
    if profile.unit == "instructions":
        return "Executed instructions, counted by the emulator. They are not cycles."
    return f"{profile.unit.capitalize()} by the board's own counter, the least of several runs."


def _cells(layer: LayerProfile, *, estimated: bool) -> Iterable[str]:
    yield f"{layer.count:,}"
    yield f"{layer.per_mac:.2f}" if layer.per_mac is not None else ""
    if estimated and layer.cycles is not None:
        yield from (f"{layer.cycles.low:,}", f"{layer.cycles.high:,}")
    for size in (layer.macs, layer.weights_bytes, layer.output_bytes, layer.scratch_bytes):
        yield f"{size:,}"


def _totals(profile: Profile, *, estimated: bool) -> Iterable[str]:
    yield f"{sum(layer.count for layer in profile.layers):,}"
    yield f"{profile.count / profile.macs:.2f}" if profile.macs else ""
    if estimated and profile.estimate is not None:
        yield from (f"{profile.estimate.cycles.low:,}", f"{profile.estimate.cycles.high:,}")
    yield from (f"{profile.macs:,}", f"{profile.weights_bytes:,}", "", "")
