"""How much of a transfer is under way at once: less where the line loses some of it."""

from __future__ import annotations

GROWTH = 8  # answers in a row after which there may be more
MOST_HALVINGS = 4  # of a piece: 1024 B become 64 B, which nearly any line lets through


class Pace:
    """Up to `most` requests under way; where one by one is too much as well, smaller pieces."""

    def __init__(self, most: int = 1) -> None:
        self.window = self._most = most
        self._halvings = 0
        self._in_a_row = 0

    def piece(self, chunk_bytes: int) -> int:
        """Bytes of a piece where the board takes up to `chunk_bytes`."""
        return max(chunk_bytes >> self._halvings, 1)

    def got_through(self) -> None:
        """A request was answered."""
        self._in_a_row += 1
        if self._in_a_row < GROWTH:
            return
        self._in_a_row = 0
        if self._halvings:
            self._halvings -= 1
        else:
            self.window = min(self.window + 1, self._most)

    def got_lost(self) -> None:
        """Something came damaged, or not at all."""
        self._in_a_row = 0
        if self.window > 1:
            self.window //= 2
        else:
            self._halvings = min(self._halvings + 1, MOST_HALVINGS)
