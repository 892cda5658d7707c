"""What each layer of an inference takes, from counts of a board or of an emulator."""

from __future__ import annotations

from tinyflow.profiling.counts import Counts, of_boards, profile

__all__ = ["Counts", "of_boards", "profile"]
