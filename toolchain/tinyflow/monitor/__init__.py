"""Metric rows: made from a board's telemetry, kept in a store."""

from tinyflow.monitor.store import Store
from tinyflow.monitor.telemetry import microseconds, sensor_rows, telemetry_rows

__all__ = ["Store", "microseconds", "sensor_rows", "telemetry_rows"]
