"""Random steps for the memory planner: joins, reshapes, concatenations, splits, states, rings,
and kernels that go by rows.
"""

import random

from tinyflow.compiler.graph import Graph, Node, State, Tensor
from tinyflow.compiler.memory import RowTrace, elementwise, reach
from tinyflow.compiler.ops.op import KernelCall, Overlap, View
from tinyflow.compiler.steps import Step

KINDS = ("plain", "plain", "move", "share", "rows", "rows", "concat", "split", "state")


def copying(view: View, source: int, output: int) -> KernelCall:
    """A call that only copies, as far as the planner looks at it."""
    return KernelCall("tnf_copy", "tnf_copy.h", ("copy",), "tnf_copy_t", (), (source,), (output,),
                      view=view)  # fmt: skip


class _Maker:
    def __init__(self, seed: int, most_steps: int) -> None:
        self.chance = random.Random(seed)
        self.tensors = [self._tensor("in", self.chance.randint(1, 5000))]
        self.inputs = [0]
        if self.chance.random() < 0.3:
            self.inputs.append(self._add(self.chance.randint(1, 3000)))
        self.states: list[int] = []
        if self.chance.random() < 0.4:
            self.states.append(self._add(self.chance.randint(1, 1500)))
        self.steps: list[Step] = []
        for index in range(self.chance.randint(1, most_steps)):
            self._step(index)

    def graph(self) -> Graph:
        written = [tensor for step in self.steps for tensor in step.writes]
        outputs = {self.chance.choice(written)} if written else set()
        outputs |= set(written[-1:])
        return Graph(
            tuple(self.tensors),
            tuple(step.node for step in self.steps),
            tuple(self.inputs),
            tuple(sorted(outputs)),
            tuple(State(tensor) for tensor in self.states),
        )

    def _tensor(self, name: str, size: int) -> Tensor:
        return Tensor(name, (size,), "int8")

    def _add(self, size: int) -> int:
        self.tensors.append(self._tensor(f"t{len(self.tensors)}", size))
        return len(self.tensors) - 1

    def _size(self, tensor: int) -> int:
        return self.tensors[tensor].size_bytes

    def _step(self, index: int) -> None:
        chance = self.chance
        recent = list(range(max(0, len(self.tensors) - 5), len(self.tensors)))
        reads = tuple(sorted(set(chance.choices(recent, k=chance.randint(1, 3)))))
        kind = chance.choice(KINDS)
        views: list[View] = []
        laps: list[Overlap] = []
        updates: tuple[int, ...] = ()
        if kind == "move":
            reads = reads[:1]
            writes = [self._add(self._size(reads[0]))]
            views = [View(writes[0], reads[0])]
        elif kind == "share":
            writes = [self._add(self._size(reads[0]))]
            laps = [Overlap(tensor, writes[0]) for tensor in reads[: chance.randint(1, 2)]]
        elif kind == "rows":
            trace = self._trace(self._size(reads[0]))
            writes = [self._add(trace.output_bytes)]
            laps = [Overlap(reads[0], writes[0], reach(trace), trace)]
        elif kind == "concat":
            sizes = [self._size(tensor) for tensor in reads]
            writes = [self._add(sum(sizes))]
            starts = [sum(sizes[:i]) for i in range(len(sizes))]
            views = [View(t, writes[0], s) for t, s in zip(reads, starts, strict=True)]
        elif kind == "split":
            reads = reads[:1]
            half = self._size(reads[0]) // 8 * 4
            writes = [self._add(half), self._add(self._size(reads[0]) - half)]
            views = [View(writes[0], reads[0]), View(writes[1], reads[0], half)]
        elif kind == "state" and self.states:
            writes, updates = [], (self.states[0],)
            same = [t for t in recent if self._size(t) == self._size(self.states[0])]
            if chance.random() < 0.5 and same:
                reads = (same[0],)
                views = [View(self.states[0], reads[0])] if reads[0] != self.states[0] else []
            else:
                reads = tuple(sorted({*reads, self.states[0]}))
        else:
            writes = [self._add(chance.randint(1, 5000))]
        made = (*writes, *updates)
        calls = tuple(
            copying(view, *((view.whole, view.part) if view.part in made else (view.part, made[0])))
            for view in views
        )
        self.steps.append(
            Step(
                Node("OP", reads, tuple(writes), index=index),
                reads,
                tuple(writes),
                calls,
                scratch_bytes=0 if views else chance.choice([0, 0, 64, 700]),
                overlaps=tuple(laps),
                views=tuple(views),
                updates=updates,
                rings=() if views else chance.choice([(), (), (), (40, 300)]),
            )
        )

    def _trace(self, size: int) -> RowTrace:
        """A trace of a window over the input's bytes, or of single elements."""
        chance = self.chance
        if chance.random() < 0.3:
            return elementwise(size, 1, chance.choice([1, 2]))
        row = chance.choice([d for d in (1, 2, 3, 5, 7, size) if size % d == 0])
        rows = min(size // row, 60)
        while size % rows:
            rows -= 1
        outputs = chance.randint(1, 40)
        counts = sorted(chance.randint(0, rows) for _ in range(outputs - 1))
        return RowTrace(rows, size // rows, chance.randint(1, 60), (*counts, rows))


def random_steps(seed: int, most_steps: int = 14) -> tuple[Graph, list[Step]]:
    """A sound graph and its steps; the same seed gives the same."""
    maker = _Maker(seed, most_steps)
    return maker.graph(), maker.steps
