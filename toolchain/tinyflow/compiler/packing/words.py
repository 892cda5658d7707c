"""Numbers as the words of a kernel's constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def wrapped(values: NDArray[np.int64]) -> NDArray[np.int32]:
    """The values modulo 2^32, as int32."""
    return (values & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
