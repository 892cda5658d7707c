"""Whether a board has restarted, told by its telemetry alone."""

from __future__ import annotations

from tinyflow.artifacts import Telemetry

WRAP_MS = 1 << 32
NEAR_WRAP_MS = 3_600_000
SLACK_MS = 10_000.0


class Restarts:
    """Counts restarts of one board.

    A board counts its inferences and its time from its start: where one falls, it has restarted.
    Where its clock is `steady` (an emulator's is not), one that has run for less time than has
    passed since it was last heard has as well, whatever it has done since.
    """

    def __init__(self, *, steady: bool) -> None:
        self.count = 0
        self._steady = steady
        self._before: tuple[Telemetry, float] | None = None

    def hear(self, telemetry: Telemetry, now: float) -> bool:
        """Whether it restarted before it said this, `now` in seconds of a clock that only rises."""
        before, self._before = self._before, (telemetry, now)
        if before is None:
            return False
        then, at = before
        wrapped = then.uptime_ms > WRAP_MS - NEAR_WRAP_MS and telemetry.uptime_ms < NEAR_WRAP_MS
        missing = (now - at) * 1000 * 0.9 - SLACK_MS > telemetry.uptime_ms
        found = not wrapped and (
            telemetry.uptime_ms < then.uptime_ms
            or telemetry.inferences < then.inferences
            or (self._steady and missing)
        )
        self.count += found
        return found
