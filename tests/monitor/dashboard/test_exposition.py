"""Prometheus' page, read by Prometheus' own parser."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families as parse

from tinyflow.artifacts import MetricRow
from tinyflow.monitor.dashboard import exposition
from tinyflow.monitor.dashboard.history import History


def row(name: str, value: float, unit: str = "", **other: str) -> MetricRow:
    named = {"run": "r", "board": "b", "where": "device", "device": "", **other}
    return MetricRow(named["run"], named["board"], named["where"], name, value, unit, 1.0,
                     named["device"])  # fmt: skip


def test_a_page_of_all_kinds_of_rows() -> None:
    page = exposition.text(
        [
            row("latency_us_p50", 17.25, "us"),
            row("latency_us_p50", 18.0, "us", board="c"),
            row("class_1", 5.0, "inferences"),
            row("class_0", 4.0, "inferences"),
            row("class_other", 3.0, "inferences"),
            row("layer_12_count", 9.0, "cycles"),
            row("input_0_mean", -0.5, "g"),
        ]
    )
    assert page == (
        "# HELP tinyflow_class_other_total In inferences.\n"
        "# TYPE tinyflow_class_other_total counter\n"
        'tinyflow_class_other_total{board="b",device="",run="r",where="device"} 3.0\n'
        "# HELP tinyflow_class_total In inferences.\n"
        "# TYPE tinyflow_class_total counter\n"
        'tinyflow_class_total{board="b",device="",run="r",where="device",class="0"} 4.0\n'
        'tinyflow_class_total{board="b",device="",run="r",where="device",class="1"} 5.0\n'
        "# HELP tinyflow_input_mean In g.\n"
        "# TYPE tinyflow_input_mean gauge\n"
        'tinyflow_input_mean{board="b",device="",run="r",where="device",channel="0"} -0.5\n'
        "# HELP tinyflow_latency_us_p50 In us.\n"
        "# TYPE tinyflow_latency_us_p50 gauge\n"
        'tinyflow_latency_us_p50{board="b",device="",run="r",where="device"} 17.25\n'
        'tinyflow_latency_us_p50{board="c",device="",run="r",where="device"} 18.0\n'
        "# HELP tinyflow_layer_count In cycles.\n"
        "# TYPE tinyflow_layer_count gauge\n"
        'tinyflow_layer_count{board="b",device="",run="r",where="device",layer="12"} 9.0\n'
    )


def test_hostile_names_and_values_come_back_as_they_were() -> None:
    device = 'a"b\\c\nd{e="f"} 1\n# TYPE x'
    rows = [
        row("temp °C\n# HELP", math.inf, "a\nb\\", device=device),
        row("never", math.nan),
        row("least", -math.inf),
    ]
    families = {family.name: family for family in parse(exposition.text(rows))}
    assert set(families) == {"tinyflow_temp__C___HELP", "tinyflow_never", "tinyflow_least"}
    (sample,) = families["tinyflow_temp__C___HELP"].samples
    assert sample.labels["device"] == device
    assert sample.value == math.inf
    assert math.isnan(families["tinyflow_never"].samples[0].value)


def test_names_that_are_one_to_prometheus_give_one_sample() -> None:
    (family,) = parse(exposition.text([row("a b", 1.0), row("a-b", 2.0)]))
    assert [sample.value for sample in family.samples] == [1.0]
    page = exposition.text([row("restarts_total", 1.0), row("restarts", 2.0)])
    assert page.count("# TYPE tinyflow_restarts_total") == 1
    assert page.endswith(" 2.0\n")


def test_a_whole_store_is_a_page_that_parses(store: Path) -> None:
    with contextlib.closing(History(store)) as history:
        rows = list(history.recent(0.0))
    families = list(parse(exposition.text(rows)))
    samples = [sample for family in families for sample in family.samples]
    assert len(samples) == len(rows)
    kinds = {family.name: family.type for family in families}
    assert kinds["tinyflow_inferences"] == kinds["tinyflow_confidence"] == "counter"
    assert kinds["tinyflow_drift_input"] == kinds["tinyflow_uptime_ms"] == "gauge"


def test_nothing_is_an_empty_page() -> None:
    assert exposition.text([]) == ""
