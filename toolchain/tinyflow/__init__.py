"""tinyflow: from data to a metric row on a microcontroller."""

from __future__ import annotations

__version__ = "0.1.0"
