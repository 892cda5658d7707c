"""Telemetry as metric rows."""

from __future__ import annotations

import dataclasses

import pytest

from tinyflow.artifacts import DeviceHello, InputSketch, SensorState, Telemetry
from tinyflow.monitor import sensor_rows, telemetry_rows
from tinyflow.monitor.telemetry import microseconds, percentile

HELLO = DeviceHello(
    protocol=1,
    tool_version="0.1.0",
    board="qemu-m4",
    model="digits",
    model_sha256="ab" * 32,
    build_id="b1",
    arena_bytes=4096,
    input_bytes=64,
    output_bytes=3,
    input_scale=0.5,
    input_zero_point=0,
    output_scale=0.5,
    output_zero_point=0,
    layers=3,
    counter_unit="instructions",
    clock_hz=25_000_000,
    chunk_bytes=1024,
    heartbeat_ms=1000,
)
TELEMETRY = Telemetry(
    inferences=100,
    count=900,
    count_min=600,
    count_max=2500,
    count_total=90_000,
    histogram=((512, 60), (768, 38), (1024, 1), (1536, 0), (2048, 1)),
    deadline=0,
    deadline_misses=0,
    class_counts=(10, 80, 10),
    class_other=0,
    arena_bytes=4096,
    stack_bytes=4096,
    stack_used_bytes=1200,
    heap_free_bytes=0,
    reset_reason=0,
    uptime_ms=5000,
    frames_damaged=2,
)


def figures(hello: DeviceHello, telemetry: Telemetry) -> dict[str, tuple[float, str]]:
    rows = telemetry_rows("run-1", hello, telemetry, 12.5)
    assert {(row.run, row.board, row.where, row.time) for row in rows} == {
        ("run-1", "qemu-m4", "device", 12.5)
    }
    names = [row.name for row in rows]
    assert len(names) == len(set(names))
    return {row.name: (row.value, row.unit) for row in rows}


def test_rows_say_what_the_board_said() -> None:
    found = figures(HELLO, TELEMETRY)
    assert found["inferences"] == (100, "inferences")
    assert found["count"] == (900, "instructions")
    assert found["count_min"] == (600, "instructions")
    assert found["count_max"] == (2500, "instructions")
    assert found["count_mean"] == (900, "instructions")
    assert found["count_p50"] == (600, "instructions")  # bucket 512, but none was under 600
    assert found["count_p99"] == (1024, "instructions")
    assert [found[f"class_{n}"][0] for n in ("0", "1", "2", "other")] == [10, 80, 10, 0]
    assert found["arena_bytes"] == (4096, "B")
    assert found["stack_used_bytes"] == (1200, "B")
    assert found["uptime_ms"] == (5000, "ms")
    assert found["frames_damaged"] == (2, "frames")


def test_rows_say_what_came_in() -> None:
    sketch = InputSketch(16, -0.5, 0.25, -2.0, 1.0, (8, 4, 4, 0))
    none = InputSketch(0, 0.0, 0.0, 0.0, 0.0, (0, 0, 0, 0))
    found = figures(HELLO, dataclasses.replace(TELEMETRY, inputs=(sketch, none)))
    told = {name: value for name, value in found.items() if name.startswith("input_")}
    values = {"mean": -0.5, "deviation": 0.5, "min": -2.0, "max": 1.0}
    shares = {"bin_0": 0.5, "bin_1": 0.25, "bin_2": 0.25, "bin_3": 0.0}
    assert told == {
        **{f"input_0_{name}": (value, "value") for name, value in values.items()},
        **{f"input_0_{name}": (value, "share") for name, value in shares.items()},
    }


def test_what_is_unknown_is_left_out() -> None:
    found = figures(HELLO, TELEMETRY)
    assert "heap_free_bytes" not in found
    assert "deadline" not in found
    nothing = dataclasses.replace(
        TELEMETRY, inferences=0, histogram=(), count=0, count_min=0, count_max=0, count_total=0
    )
    assert not [
        name for name in figures(HELLO, nothing) if name.startswith(("count", "latency", "class"))
    ]


@pytest.mark.parametrize(
    ("unit", "clock_hz", "latency_us"),
    [
        ("instructions", 25_000_000, None),
        ("cycles", 0, None),
        ("cycles", 240_000_000, 3.75),
        ("nanoseconds", 0, 0.9),
    ],
)
def test_time_is_told_only_where_it_is_known(
    unit: str, clock_hz: int, latency_us: float | None
) -> None:
    hello = dataclasses.replace(HELLO, counter_unit=unit, clock_hz=clock_hz)
    assert microseconds(900, hello) == latency_us
    found = figures(hello, TELEMETRY)
    assert found.get("latency_us") == (None if latency_us is None else (latency_us, "us"))


def test_percentiles_of_nothing_are_nothing() -> None:
    assert percentile(dataclasses.replace(TELEMETRY, histogram=()), 0.5) == 0
    assert percentile(TELEMETRY, 1.0) == 2048


def test_a_sensor_has_rows_of_its_own() -> None:
    # fmt: off
    state = SensorState(
        driver="mpu6050", status="", replaying=False, value_bytes=2, channels=3, rate_hz=200,
        window=128, hop=64, scale=1.0, credit=0, windows=9, dropped=2, gaps=1, age=10, age_max=64,
    )
    # fmt: on
    rows = {row.name: (row.value, row.unit) for row in sensor_rows("r", HELLO, state, 1.0)}
    assert rows == {
        "windows": (9, "windows"),
        "windows_dropped": (2, "windows"),
        "sensor_gaps": (1, "gaps"),
        "sensor_faults": (0, "faults"),
        "window_age": (10, "samples"),
        "window_age_max": (64, "samples"),
        "window_age_us": (50_000, "us"),
        "window_age_us_max": (320_000, "us"),
    }
    silent = dataclasses.replace(state, rate_hz=0, status="the sensor does not answer")
    rows = {row.name: (row.value, row.unit) for row in sensor_rows("r", HELLO, silent, 1.0)}
    assert rows["sensor_faults"] == (1, "faults")
    assert "window_age_us" not in rows
