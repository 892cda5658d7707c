"""A model's inputs and outputs as people and C see them: types, shapes, scales as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinyflow.artifacts import TensorSpec

CTYPES = {
    "int8": "int8_t",
    "bool": "int8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "float32": "float",
}


@dataclass(frozen=True)
class Argument:
    """One input or output.

    `what` is input or output, `suffix` tells several apart in C: empty for the first, then _1, _2.
    `scale` reads back as the same float32; `real_range` are the real values at both ends.
    """

    what: str
    suffix: str
    ctype: str
    dtype: str
    shape: str
    elements: int
    size_bytes: int
    is_quantized: bool
    scale: str
    zero_point: int
    real_range: str

    @property
    def variable(self) -> str:
        """Its name in C: input, input_1 ..."""
        return self.what + self.suffix

    @property
    def macro(self) -> str:
        """The same as a part of names of macros."""
        return self.variable.upper()

    @property
    def limits(self) -> tuple[str, str]:
        """The type's least and greatest value in C; only where it is quantised."""
        bits = self.ctype.removesuffix("_t").upper()
        return f"{bits}_MIN", f"{bits}_MAX"


def arguments(what: str, specs: Sequence[TensorSpec]) -> tuple[Argument, ...]:
    """The inputs or outputs `specs` of a model, in order."""
    return tuple(
        Argument(
            what=what,
            suffix=f"_{index}" if index else "",
            ctype=CTYPES[spec.dtype],
            dtype=spec.dtype,
            shape="[" + ", ".join(str(extent) for extent in spec.shape) + "]",
            elements=spec.elements,
            size_bytes=spec.size_bytes,
            is_quantized=spec.is_quantized,
            scale=_shortest(spec.scale) if spec.is_quantized else "",
            zero_point=spec.zero_point,
            real_range=_range(spec) if spec.is_quantized else "",
        )
        for index, spec in enumerate(specs)
    )


def _shortest(scale: float) -> str:
    """The shortest decimal that reads back as this float32."""
    import numpy as np

    return str(np.float32(scale))


def _range(spec: TensorSpec) -> str:
    half = 1 << (8 * spec.size_bytes // spec.elements - 1)
    low, high = -half - spec.zero_point, half - 1 - spec.zero_point
    return f"{low * spec.scale:.6g} to {high * spec.scale:.6g}"
