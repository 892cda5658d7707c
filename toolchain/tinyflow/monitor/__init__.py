"""Metric rows: made from a board's telemetry, kept in a store."""

from tinyflow.monitor.store import Store
from tinyflow.monitor.telemetry import microseconds, telemetry_rows

__all__ = ["Store", "microseconds", "telemetry_rows"]
