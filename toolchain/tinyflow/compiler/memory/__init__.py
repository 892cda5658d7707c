"""The memory planner: which tensor lies where in the arena, and in which order steps run."""

from tinyflow.compiler.memory.plan import ALIGNMENT, Plan, lower_bound, plan_memory
from tinyflow.compiler.memory.rows import RowTrace, elementwise, reach, windowed

__all__ = [
    "ALIGNMENT",
    "Plan",
    "RowTrace",
    "elementwise",
    "lower_bound",
    "plan_memory",
    "reach",
    "windowed",
]
