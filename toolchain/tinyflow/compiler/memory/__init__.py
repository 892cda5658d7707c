"""The memory planner: which tensor lies where in the arena, and in which order steps run."""

from tinyflow.compiler.memory.conflicts import ALIGNMENT
from tinyflow.compiler.memory.plan import Plan, busiest_step, plan_memory
from tinyflow.compiler.memory.rows import RowTrace, elementwise, reach, windowed

__all__ = [
    "ALIGNMENT",
    "Plan",
    "RowTrace",
    "busiest_step",
    "elementwise",
    "plan_memory",
    "reach",
    "windowed",
]
