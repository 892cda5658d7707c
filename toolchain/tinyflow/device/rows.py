"""What a caller gives for an inference, as the model's input takes it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tinyflow.artifacts import TensorSpec
from tinyflow.errors import ModelError

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes, Floats


def features_of(spec: TensorSpec, model: str, features: Floats) -> Floats:
    """`features` as float32 [N, ...], also where they are lists.

    Raises ModelError where they are no numbers, or a row is not of the input's size.
    """
    import numpy as np

    try:
        found = np.asarray(features, np.float32)
    except (TypeError, ValueError):
        raise ModelError(f"an input of {model} is numbers, in rows of one length") from None
    if found.ndim < 2 or math.prod(found.shape[1:]) != spec.elements:
        wanted = ", ".join(["N", *map(str, spec.shape[1:])])
        raise ModelError(f"an input of {model} has shape [{wanted}], found {list(found.shape)}")
    return found


def as_bytes(data: bytes | Bytes) -> bytes:
    """One input's bytes. Raises ModelError for an array of anything else."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    if data.dtype.itemsize != 1:
        raise ModelError(f"an input is bytes or an array of int8, found {data.dtype}")
    return data.tobytes()
