"""Layers of the generated C beside those of the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyflow.artifacts import CompiledModel
from tinyflow.compiler.host import HostModel
from tinyflow.reference import ReferenceInterpreter


def equal_layers(
    compiled: CompiledModel,
    host: HostModel,
    reference: ReferenceInterpreter,
    row: NDArray[np.int8],
) -> list[NDArray[Any]]:
    """The values of every layer for one input, proved equal. Each layer has one output.

    Of a tensor some of whose channels were removed, those that are left are compared.
    """
    values = []
    expected = reference.tensors(row)
    for layer, found in zip(compiled.layers, host.layers(row), strict=True):
        (output,) = layer.outputs
        wanted = expected[output.origin]
        if output.channels is not None:
            wanted = wanted[..., list(output.channels)]
        np.testing.assert_array_equal(found.view(output.dtype), wanted.reshape(-1))
        values.append(wanted)
    return values
