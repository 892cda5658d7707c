"""Bytes that are told apart by numbers, as runs of consecutive numbers.

A megabyte that was written at once is one run, so what a plan does to an arena can be followed
without an arena.
"""

from __future__ import annotations

from bisect import bisect_right


class Runs:
    """A stretch of `size` numbered bytes: `first`, `first` + 1 and so on until parts are put in."""

    def __init__(self, size: int, first: int) -> None:
        self.size = size
        self._starts = [0]
        self._firsts = [first]

    def part(self, start: int, stop: int) -> Runs:
        """A copy of the bytes from `start` to `stop`, which lie in the stretch."""
        place = bisect_right(self._starts, start) - 1
        end = max(place + 1, bisect_right(self._starts, stop - 1))
        found = Runs(stop - start, self._firsts[place] + start - self._starts[place])
        found._starts += [at - start for at in self._starts[place + 1 : end]]
        found._firsts += self._firsts[place + 1 : end]
        return found

    def put(self, start: int, part: Runs) -> None:
        """Let the bytes from `start` on be those of `part`, which ends in the stretch."""
        stop = start + part.size
        if start == stop:
            return
        place = bisect_right(self._starts, start) - 1
        end = bisect_right(self._starts, stop - 1)
        starts = [start + at for at in part._starts]
        firsts = list(part._firsts)
        if self._starts[place] < start:
            starts.insert(0, self._starts[place])
            firsts.insert(0, self._firsts[place])
        if stop < (self._starts[end] if end < len(self._starts) else self.size):
            starts.append(stop)
            firsts.append(self._firsts[end - 1] + stop - self._starts[end - 1])
        self._starts[place:end], self._firsts[place:end] = starts, firsts

    def differences(self, other: Runs) -> list[tuple[int, int]]:
        """From where to where the bytes are not those of `other`, which is as long."""
        found: list[tuple[int, int]] = []
        at = mine = theirs = 0
        while at < self.size:
            stop = min(self._end(mine), other._end(theirs))
            here = self._firsts[mine] - self._starts[mine]
            if here != other._firsts[theirs] - other._starts[theirs]:
                found.append((at, stop))
            mine += stop == self._end(mine)
            theirs += stop == other._end(theirs)
            at = stop
        return found

    def _end(self, run: int) -> int:
        return self._starts[run + 1] if run + 1 < len(self._starts) else self.size
