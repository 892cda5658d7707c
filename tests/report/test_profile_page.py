"""The page of a profile: one file that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from tinyflow.artifacts import Cycles, Estimate, Footprint, LayerProfile, Profile
from tinyflow.report.profile import context, page


def profile(*, estimated: bool = False) -> Profile:
    def layer(index: int, op: str, count: int, macs: int) -> LayerProfile:
        cycles = Cycles(count, 2 * count) if estimated else None
        name = f"a<b>&{index}"
        shape = (1, 8, 8, 4)
        return LayerProfile(index, name, op, "plain", shape, macs, count, 96, 256, 0, 7, cycles)

    layers = (
        layer(0, "CONV_2D", 60_000, 9216),
        layer(1, "DEPTHWISE_CONV_2D", 30_000, 2304),
        layer(2, "CONV_2D", 9_000, 1024),
        layer(3, "SOFTMAX", 1_000, 0),
    )
    estimate = Estimate(
        "cortex-m4",
        "qemu-m4",
        Cycles(100_000, 200_000),
        180_000_000,
        ("not measured: weighed", "a table"),
    )
    return Profile(
        model="net",
        model_sha256="0" * 64,
        board="nucleo-f446re" if estimated else "qemu-m4",
        builder="cmake",
        backend="ref",
        unit="instructions",
        count=100_012,
        outside=12,
        layers=layers,
        weights_bytes=384,
        arena_bytes=1024,
        footprint=Footprint(2100, 2600, 1024, *((None, None) if estimated else (9000, 11_000))),
        estimate=estimate if estimated else None,
    )


@pytest.mark.parametrize("estimated", [False, True])
def test_the_page(estimated: bool, golden: Callable[[str, str], None]) -> None:
    text = page(profile(estimated=estimated))
    golden(f"report/profile{'_estimate' if estimated else ''}.html", text)
    assert not re.search(r"(src|href|url|import)\s*[=(]", text)
    assert "http" not in text
    assert "a<b>" not in text and "a&lt;b&gt;&amp;0" in text


class Tags(HTMLParser):
    """Which tags are open; the page closes each in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_tags_are_closed() -> None:
    tags = Tags()
    tags.feed(page(profile(estimated=True)))
    assert tags.open == []


def test_bars_are_side_by_side_and_all_of_the_width() -> None:
    shown = context(profile())
    for bars in (shown.layers, shown.operators):
        x = 0.0
        for bar in bars:
            assert float(bar.x) == pytest.approx(x, abs=0.02)
            x += float(bar.width)
        assert x == pytest.approx(1000, abs=0.05)
    assert [bar.label for bar in shown.operators] == ["CONV_2D", "DEPTHWISE_CONV_2D", ""]
    assert [bar.colour for bar in shown.layers] == [0, 1, 0, 2]


def test_a_model_of_no_layers_has_a_page() -> None:
    from dataclasses import replace

    assert "all layers" in page(replace(profile(), layers=(), count=3, outside=3))


def test_instructions_are_never_called_cycles() -> None:
    assert "They are not cycles" in page(profile())
    text = page(profile(estimated=True))
    assert "estimated time" in text and "0.56 to 1.11 ms at 180 MHz" in text
