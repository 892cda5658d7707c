"""Whether a new model is better than the deployed one, from what both say of the same samples."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# So many changes of one kind are the least that can be no chance: 2^-5 is the first under 0.05.
SIGNIFICANCE = 0.05
LEAST_SAMPLES = 5
TOLERANCE = 0.01


@dataclass(frozen=True)
class Compared:
    """Two models on one test set: accuracies from 0 to 1, how many samples the new one gets right
    that the deployed one gets wrong (`fixed`), and the other way round (`broken`)."""

    name: str
    samples: int
    deployed: float
    retrained: float
    fixed: int
    broken: int

    @property
    def chance(self) -> float:
        """The chance of at least so many fixed among those that changed, if both models were as
        good: McNemar's test in its exact, one-sided form (a binomial with 1/2)."""
        return at_least(self.fixed, self.fixed + self.broken)

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "chance": self.chance}


def at_least(successes: int, trials: int) -> float:
    """The chance of `successes` or more in `trials` throws of a coin."""
    ways: int = sum(comb(trials, k) for k in range(successes, trials + 1))
    return ways / (1 << trials)


def compare(name: str, deployed: NDArray[np.bool_], retrained: NDArray[np.bool_]) -> Compared:
    """From which samples each gets right."""
    count = len(deployed)
    return Compared(
        name,
        count,
        float(deployed.mean()) if count else 0.0,
        float(retrained.mean()) if count else 0.0,
        int((~deployed & retrained).sum()),
        int((deployed & ~retrained).sum()),
    )


def against(old: Compared, new: Compared, tolerance: float) -> tuple[str, ...]:
    """What speaks against the new model; nothing where it is better.

    It is better when its accuracy on the old test set `old` is at most `tolerance` lower, and on
    the captured one `new` it fixes so many more than it breaks that chance is under 5 %.
    """
    reasons = []
    if old.retrained < old.deployed - tolerance:
        loss = old.deployed - old.retrained
        reasons.append(
            f"on the {old.name} it is {loss:.4f} worse, {tolerance:g} is allowed (--tolerance)"
        )
    if new.chance >= SIGNIFICANCE:
        reasons.append(
            f"on the {new.name} samples it fixes {new.fixed} and breaks {new.broken} of "
            f"{new.samples}: chance alone does so in {new.chance:.0%} of cases, under "
            f"{SIGNIFICANCE:.0%} is asked"
        )
    return tuple(reasons)
