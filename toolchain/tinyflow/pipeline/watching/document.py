"""What a board is in a run, told once: what charts need beside the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tinyflow.artifacts import CompiledModel, DeviceHello
from tinyflow.config import AlertsConfig, BudgetConfig


def document(
    hello: DeviceHello,
    compiled: CompiledModel,
    labels: Sequence[str],
    alerts: AlertsConfig,
    budget: BudgetConfig,
) -> dict[str, Any]:
    """See artifacts.RunDocument. A webhook's URL is not part of it: it may hold a secret.

    A board that runs another model than `compiled` has neither layers nor arena.
    """
    own = hello.model_sha256 == compiled.model_sha256
    rules = asdict(alerts)
    del rules["webhook"]
    limits = asdict(budget)
    return {
        "hello": asdict(hello),
        "layers": [
            {
                "index": layer.index,
                "op": layer.op,
                "name": layer.name,
                "output_bytes": layer.output_bytes,
                "macs": layer.macs,
            }
            for layer in (compiled.layers if own else ())
        ],
        "arena": [asdict(block) for block in (compiled.arena if own else ())],
        "arena_bytes": hello.arena_bytes,
        "labels": list(labels),
        "alerts": {
            **rules,
            "latency_us": limits["latency_us"],
            "count_per_inference": limits["count_per_inference"],
        },
    }
