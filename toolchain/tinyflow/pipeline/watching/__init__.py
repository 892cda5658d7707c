"""`monitor`: many boards at a time, their telemetry kept as rows and handed on as it comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tinyflow.config import AlertsConfig, BudgetConfig
from tinyflow.monitor import webhook
from tinyflow.monitor.condition import Condition
from tinyflow.pipeline.deploy import ROWS, run_name
from tinyflow.pipeline.walk import Walk
from tinyflow.pipeline.watching.boards import Asked, asked_for, scenes
from tinyflow.pipeline.watching.watch import ALERTED, GONE, UNMET, Rules, Watch

__all__ = ["ALERTED", "GONE", "UNMET", "Asked", "Watch", "asked_for", "begin"]


def begin(
    asked: Sequence[Asked],
    walk_of: Callable[[Asked], Walk],
    *,
    seconds: float | None = None,
    every: float = 0.0,
    until: Condition | None = None,
    replay: bool | None = None,
) -> Watch:
    """A run that watches the boards asked for, in the store of the project; see `scenes`
    and `Watch`.

    Raises what the stages up to an image raise, where a board is to be started here.
    """
    walk = walk_of(asked[0])
    project = walk.project
    alerts = project.config.alerts if project is not None else AlertsConfig()
    budget = project.config.budget if project is not None else BudgetConfig()
    if alerts.webhook:
        webhook.check(alerts.webhook)
    found = scenes(asked, walk_of, replay)
    walk.home.mkdir(parents=True, exist_ok=True)
    return Watch(
        found,
        run=run_name(),
        store_path=walk.home / ROWS,
        seconds=seconds,
        every=every,
        rules=Rules(alerts, budget, until),
    )
