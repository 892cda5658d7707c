"""A board's telemetry as metric rows."""

from __future__ import annotations

import math

from tinyflow.artifacts import DeviceHello, MetricRow, SensorState, Telemetry

MICROSECONDS = 1e6


def microseconds(count: float, hello: DeviceHello) -> float | None:
    """What `count` is in time, None where the counter does not know: instructions have none."""
    if hello.counter_unit == "nanoseconds":
        return count / 1000
    if hello.counter_unit == "cycles" and hello.clock_hz > 0:
        return count * MICROSECONDS / hello.clock_hz
    return None


def percentile(telemetry: Telemetry, fraction: float) -> int:
    """The count that `fraction` of the inferences do not exceed, from the histogram.

    It is the lower bound of the bucket that holds it (buckets are half a power of two wide), kept
    between the least and the most count; 0 before the first inference.
    """
    total = sum(inferences for _, inferences in telemetry.histogram)
    reached = 0
    for start, inferences in telemetry.histogram:
        reached += inferences
        if inferences and reached >= fraction * total:
            return min(max(start, telemetry.count_min), telemetry.count_max)
    return 0


def telemetry_rows(
    run: str, hello: DeviceHello, telemetry: Telemetry, time: float, device: str = ""
) -> list[MetricRow]:
    """The rows of one telemetry message that came in at `time`, seconds since the epoch.

    `count` rows are of one inference in the unit of the board's counter; `latency_us` rows are
    there only where that is a time. Figures that the board does not know are left out, and so are
    those of inferences before the first.
    """
    unit = hello.counter_unit
    figures: list[tuple[str, float, str]] = [
        ("inferences", telemetry.inferences, "inferences"),
        ("deadline_misses", telemetry.deadline_misses, "inferences"),
        ("arena_bytes", telemetry.arena_bytes, "B"),
        ("reset_reason", telemetry.reset_reason, "code"),
        ("uptime_ms", telemetry.uptime_ms, "ms"),
        ("frames_damaged", telemetry.frames_damaged, "frames"),
    ]
    if telemetry.deadline:
        figures.append(("deadline", telemetry.deadline, unit))
    for name in ("stack_bytes", "stack_used_bytes", "heap_free_bytes"):
        if value := getattr(telemetry, name):
            figures.append((name, value, "B"))
    if telemetry.inferences:
        for suffix, count in (
            ("", telemetry.count),
            ("_min", telemetry.count_min),
            ("_max", telemetry.count_max),
            ("_mean", telemetry.count_total / telemetry.inferences),
            ("_p50", percentile(telemetry, 0.50)),
            ("_p99", percentile(telemetry, 0.99)),
        ):
            figures.append((f"count{suffix}", count, unit))
            duration = microseconds(count, hello)
            if duration is not None:
                figures.append((f"latency_us{suffix}", duration, "us"))
        classes = enumerate(telemetry.class_counts)
        figures += [(f"class_{index}", count, "inferences") for index, count in classes]
        figures.append(("class_other", telemetry.class_other, "inferences"))
        confidence = enumerate(telemetry.confidence)
        figures += [(f"confidence_{index}", count, "inferences") for index, count in confidence]
    figures += _input_figures(telemetry) + _drift_figures(telemetry)
    return [
        MetricRow(run, hello.board, "device", name, float(value), unit_of, time, device)
        for name, value, unit_of in figures
    ]


def _input_figures(telemetry: Telemetry) -> list[tuple[str, float, str]]:
    """What the input's channels were lately, in the units that the model was trained with, and the
    share of their values in each bin."""
    figures: list[tuple[str, float, str]] = []
    for index, sketch in enumerate(telemetry.inputs):
        if sketch.count:
            figures += [
                (f"input_{index}_mean", sketch.mean, "value"),
                (f"input_{index}_deviation", math.sqrt(max(sketch.variance, 0.0)), "value"),
                (f"input_{index}_min", sketch.minimum, "value"),
                (f"input_{index}_max", sketch.maximum, "value"),
            ]
            total = max(sum(sketch.histogram), 1)
            figures += [
                (f"input_{index}_bin_{bin_}", count / total, "share")
                for bin_, count in enumerate(sketch.histogram)
            ]
    return figures


def _drift_figures(telemetry: Telemetry) -> list[tuple[str, float, str]]:
    """Scores with their limits, from the first on; what has no reference is left out."""
    drift = telemetry.drift
    if drift is None or not drift.windows:
        return []
    figures: list[tuple[str, float, str]] = [
        ("drift_windows", drift.windows, "windows"),
        ("drift_alarms", drift.alarms, "windows"),
    ]
    for name in ("input", "output"):
        if limit := getattr(drift, f"{name}_limit"):
            figures.append((f"drift_{name}", getattr(drift, f"{name}_score"), "psi"))
            figures.append((f"drift_{name}_limit", limit, "psi"))
    return figures


def sensor_rows(
    run: str, hello: DeviceHello, sensor: SensorState, time: float, device: str = ""
) -> list[MetricRow]:
    """The rows of what a board told of its sensor at `time`; ages are in time where it has a rate.

    `sensor_faults` is 1 while the sensor does not answer.
    """
    figures: list[tuple[str, float, str]] = [
        ("windows", sensor.windows, "windows"),
        ("windows_dropped", sensor.dropped, "windows"),
        ("sensor_gaps", sensor.gaps, "gaps"),
        ("sensor_faults", 1 if sensor.status else 0, "faults"),
        ("window_age", sensor.age, "samples"),
        ("window_age_max", sensor.age_max, "samples"),
    ]
    if sensor.rate_hz:
        microsecond = MICROSECONDS / sensor.rate_hz
        figures.append(("window_age_us", sensor.age * microsecond, "us"))
        figures.append(("window_age_us_max", sensor.age_max * microsecond, "us"))
    return [
        MetricRow(run, hello.board, "device", name, float(value), unit, time, device)
        for name, value, unit in figures
    ]
