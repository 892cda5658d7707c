"""Plans many mutated files in a process of its own, under limits of time and memory.

    python mutated_files.py SEED COUNT FOLDER

Prints what became of them as JSON. Files of FOLDER/*.tflite are what is mutated; those that are
planned are written to FOLDER/planned/, some of them. A finding ends the process: the file is then
FOLDER/last.
"""

from __future__ import annotations

import json
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from damage import damaged
from model_mutations import changed_fields, changed_graph
from model_outcome import MEMORY_BYTES, SECONDS, planned

KEPT = 6
"""One in as many of the files that are planned is kept, to be run."""


def mutated(files: list[bytes], chance: random.Random, count: int) -> Iterator[bytes]:
    """Files whose bytes, fields and graphs were changed, a third each."""
    for turn in range(count):
        content = chance.choice(files)
        kind = (changed_graph, changed_fields, None)[turn % 3]
        made = kind(content, chance) if kind is not None else None
        if made is None:
            ((_, made),) = damaged(content, 1, chance.getrandbits(32))
        yield made


def too_slow(signal_number: int, frame: FrameType | None) -> None:
    raise AssertionError(f"more than {SECONDS:g} s")


def address_space() -> int:
    """The bytes of address space this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def peak_kib() -> int:
    """The most memory this program had at once; what getrusage tells is also its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if "VmHWM" in line))


def main() -> None:
    seed, count, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    files = [file.read_bytes() for file in sorted(folder.glob("*.tflite"))]
    (folder / "planned").mkdir()
    planned(files[0])  # imports what it needs, which shall not count
    resource.setrlimit(resource.RLIMIT_AS, (address_space() + MEMORY_BYTES,) * 2)
    before = peak_kib()
    signal.signal(signal.SIGPROF, too_slow)
    outcomes, slowest, kept = {"planned": 0, "refused": 0}, 0.0, 0
    chance = random.Random(seed)
    for number, content in enumerate(mutated(files, chance, count)):
        (folder / "last").write_bytes(content)
        started = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        found = planned(content, least_ram=number % 8 == 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        slowest = max(slowest, time.process_time() - started)
        outcomes["refused" if found is None else "planned"] += 1
        if found is not None and outcomes["planned"] % KEPT == 0:
            (folder / "planned" / f"{kept}.tflite").write_bytes(content)
            kept += 1
    print(json.dumps({**outcomes, "slowest": slowest, "grown_kib": peak_kib() - before}))


if __name__ == "__main__":
    main()
