"""The memory planner: which tensor lies where in the arena, and in which order steps run."""

from tinyflow.compiler.memory.conflicts import ALIGNMENT
from tinyflow.compiler.memory.plan import Place, Plan, busiest_step, located, plan_memory
from tinyflow.compiler.memory.rows import RowTrace, elementwise, reach, windowed

__all__ = [
    "ALIGNMENT",
    "Place",
    "Plan",
    "RowTrace",
    "busiest_step",
    "elementwise",
    "located",
    "plan_memory",
    "reach",
    "windowed",
]
