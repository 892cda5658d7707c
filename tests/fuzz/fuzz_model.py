"""Coverage-guided fuzzing of reader, passes and planner: bytes become a plan or a ModelError.

    make fuzz FUZZ_SECONDS=600

Anything else is a finding: another exception, a plan that the verifier refuses, more than 5 s or
1 GB. libFuzzer writes the bytes to a file and ends; `python fuzz_model.py FILE` repeats it. Inputs
that reach new code are kept in the first folder of the command line.
"""

from __future__ import annotations

import random
import resource
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

with atheris.instrument_imports(include=["tinyflow"]):
    from model_outcome import MEMORY_BYTES, SECONDS, planned
from model_mutations import changed_fields, changed_graph

MOST_BYTES = 4096


def check(content: bytes) -> None:
    """The target. Every other file gets the search for the least memory as well."""
    planned(content, least_ram=len(content) % 8 == 0)


def mutated(content: bytes, most_bytes: int, seed: int) -> bytes:
    """Another file: its graph, its fields or its bytes changed."""
    chance = random.Random(seed)
    kind = chance.choice((changed_graph, changed_graph, changed_fields, None))
    made = kind(content, chance) if kind is not None else None
    if made is None or len(made) > most_bytes:
        return atheris.Mutate(content, most_bytes)
    return made


def main() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    limit = (used + MEMORY_BYTES) >> 20
    limits = [f"-max_len={MOST_BYTES}", f"-timeout={SECONDS:.0f}", f"-rss_limit_mb={limit}"]
    atheris.Setup([sys.argv[0], *limits, *sys.argv[1:]], check, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
