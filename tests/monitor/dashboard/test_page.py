"""The page in headless Chromium: what is drawn, live, lost and regained, light and dark, narrow."""

from __future__ import annotations

import itertools
import json
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import chromium
import pytest
import seeded_store

from tinyflow.artifacts import MetricRow
from tinyflow.monitor import Store, dashboard

BOARD, DEVICE = "stm32f405", "3071355F3432"
HASH = f"#board={BOARD}&device={DEVICE}&range=all"
PLACES = """JSON.stringify([...document.querySelectorAll('.panel, .plot, .card, #facts')]
    .map((e) => e.getBoundingClientRect()).map((r) => [r.x, r.y, r.width, r.height]))"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Chromium]:
    program = chromium.find()
    if program is None:
        pytest.skip("chromium is missing")
    with chromium.Chromium(program, tmp_path_factory.mktemp("chromium")) as running:
        yield running


def colours(png: bytes) -> set[bytes]:
    """The colours of a small screenshot: 8 bits each of red, green, blue, and perhaps alpha."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert (depth, kind) in ((8, 2), (8, 6))
    size, data, at = (4 if kind == 6 else 3), b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    raw, found, above = zlib.decompress(data), set(), bytearray(width * size)
    for y in range(height):
        start = y * (width * size + 1)
        line = bytearray(raw[start + 1 : start + 1 + width * size])
        for x in range(len(line)):
            left, corner = (line[x - size], above[x - size]) if x >= size else (0, 0)
            up = above[x]
            closest = min((left, up, corner), key=lambda v: abs(left + up - corner - v))
            line[x] = (line[x] + (0, left, up, (left + up) // 2, closest)[raw[start]]) % 256
        found.update(bytes(line[x : x + 3]) for x in range(0, len(line), size))
        above = line
    return found


def count(browser: chromium.Chromium, selector: str) -> int:
    return int(browser.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length"))


def text(browser: chromium.Chromium, selector: str) -> str:
    return str(browser.evaluate(f"document.querySelector({json.dumps(selector)}).textContent"))


def test_a_run_from_history_to_live(
    browser: chromium.Chromium, store: Path, tmp_path: Path
) -> None:
    path = tmp_path / "metrics.sqlite"
    shutil.copy(store, path)
    end = seeded_store.END + 5
    server = dashboard.serve(dashboard.app(path), port=0)
    port = server.port
    with server, Store(path) as rows:
        browser.open(server.url + HASH)
        browser.until("document.querySelectorAll('#latency .lines path').length")

        assert browser.errors == []
        assert count(browser, ".card") == 3
        assert text(browser, ".card[aria-pressed=true] .name") == BOARD
        assert count(browser, ".card line.limit") == 3
        assert count(browser, "#latency .lines path") == 2
        assert count(browser, "#drift .limits path") == 2
        assert count(browser, "#throughput .lines path") == 1
        assert count(browser, "#mix .stack rect") == 30 * 8
        assert count(browser, "#confidence .bars rect") == 10
        assert count(browser, "#layers .row") == len(seeded_store.LAYERS)
        assert count(browser, "#arena .tensor") == len(seeded_store.tensors())
        assert count(browser, "#drift .mark.alert") > 0
        assert count(browser, "#drift .mark.reset") == 1
        assert count(browser, ".panel.is-empty") == 0
        assert "silence" in text(browser, "#mix .legend") + text(browser, "#mix")
        assert " ms" in text(browser, "#latency .legend").replace("\u202f", " ")
        assert text(browser, "#facts dd") == "kws"

        # The keyboard walks through a chart, and what it finds is said.
        browser.evaluate("document.querySelector('#drift svg').focus()")
        browser.key("ArrowLeft")
        assert "input 0." in browser.until("document.getElementById('spoken').textContent")
        browser.key("Escape")
        assert browser.evaluate("document.getElementById('tip').hidden")
        browser.evaluate("document.querySelector('#latency details').open = true")
        browser.until("document.querySelectorAll('#latency tbody tr').length > 50")
        browser.evaluate("document.querySelector('#latency details').open = false")

        # New rows appear by themselves, and nothing else moves.
        places = browser.evaluate(PLACES)
        beats = seeded_store.beats(seeded_store.RUN, BOARD, DEVICE, end, 60, 1, 7)
        for batch in itertools.islice(beats, 3):
            rows.append([row for row in batch if row.name != "throughput"])
        rows.append([row_of("throughput", 1234.0, end + 3)])
        browser.until("document.querySelector('#throughput .legend').textContent.includes('234')")
        assert browser.evaluate(PLACES) == places

        # The server goes away and comes back; what was kept meanwhile is there then.
        browser.until("document.getElementById('status').className !== 'lost'")
        server.close()
        browser.until("document.getElementById('status').className === 'lost'")
        rows.append([row_of("throughput", 4321.0, end + 4)])
        with dashboard.serve(dashboard.app(path), port=port):
            browser.until(
                "document.querySelector('#throughput .legend').textContent.includes('321')"
            )
            assert text(browser, "#status") != "connection lost, trying again"

            # Light and dark, by the system and by the switch.
            seen = {}
            for scheme in ("light", "dark"):
                browser.prefer(scheme)
                seen[scheme] = colours(browser.screenshot(scale=0.15))
                assert len(seen[scheme]) > 200
            assert bytes([0xF6, 0xF7, 0xF9]) in seen["light"]
            assert bytes([0x12, 0x15, 0x18]) in seen["dark"]
            browser.evaluate("document.getElementById('theme').click()")
            assert bytes([0xF6, 0xF7, 0xF9]) in colours(browser.screenshot(scale=0.15))

            browser.resize(390, 844)
            browser.until("document.querySelector('#arena svg').clientWidth < 390")
            assert browser.evaluate("document.documentElement.scrollWidth") == 390
        assert [line for line in browser.errors if "/events" not in line] == []


def row_of(name: str, value: float, time: float) -> MetricRow:
    return MetricRow(seeded_store.RUN, BOARD, "device", name, value, "inferences/s", time, DEVICE)


def test_an_empty_store_says_what_to_do_and_texts_stay_texts(
    browser: chromium.Chromium, tmp_path: Path
) -> None:
    browser.errors.clear()
    hostile = "<img src=x onerror=alert(1)>"
    path = tmp_path / "metrics.sqlite"
    application = dashboard.app(path, dashboard.new_token())
    with Store(path) as store, dashboard.serve(application, port=0) as server:
        browser.open(server.url_with_token)
        browser.until("!document.getElementById('nothing').hidden")
        # The cookie is enough for all that follows, the events too.
        assert str(browser.evaluate("location.href")).rstrip("#") == server.url
        assert "tinyflow monitor" in text(browser, "#nothing")
        assert browser.evaluate("document.getElementById('panels').clientHeight") == 0

        store.append([MetricRow(hostile, hostile, "host", hostile, 0.9, hostile, 1e9, hostile)])
        browser.until("document.querySelectorAll('.card').length === 1")
        assert text(browser, ".card .name") == hostile
        assert hostile in text(browser, "#figures")
        assert count(browser, ".panel.is-empty") == 8
        assert "tinyflow monitor" in text(browser, "#layers .empty")
        assert count(browser, "img") == 0

        # Rows whose name is new are drawn as they come, whatever was there at first.
        for second in (1, 2):
            figures = [("throughput", 90.0 + second), ("drift_input", 0.1)]
            store.append([
                MetricRow(hostile, hostile, "device", name, value, "", 1e9 + second, hostile)
                for name, value in figures
            ])  # fmt: skip
        browser.until("document.querySelectorAll('#throughput .lines path').length")
        browser.until("document.querySelectorAll('#drift .lines path').length")
        assert count(browser, ".panel.is-empty") == 6
    assert [line for line in browser.errors if "/events" not in line] == []
