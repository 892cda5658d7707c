"""Metric rows: made from a board's telemetry, kept in a store."""

from tinyflow.monitor.store import Store
from tinyflow.monitor.telemetry import telemetry_rows

__all__ = ["Store", "telemetry_rows"]
