"""CONV_2D: what its variants have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.mve.scales import Scales
from tinyflow.compiler.packing.weighted import SIZES, Weighted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SLICE = 16
"""Values that are multiplied at once."""
PIXELS = 3
"""Windows that are multiplied at once."""


def kernel_call(
    name: str,
    layer: Weighted,
    scaled: Scales,
    words: NDArray[np.int32],
    *,
    slices: int,
    block: int,
    scratch_bytes: int,
) -> KernelCall:
    """A call of the kernel `name` with packed weights."""
    return KernelCall(
        function=f"tnf_{name}_s8",
        header="tnf_conv_mve.h",
        kernels=(f"{name}_s8",),
        params_type="tnf_conv_2d_mve_t",
        params=(
            *layer.fields(
                *SIZES,
                *("output_channels", "filter_height", "filter_width", "stride_height"),
                *("stride_width", "pad_top", "pad_left"),
            ),
            ("input_zero_point", layer.input_zero_point),
            ("slices", slices),
            ("block", block),
            *scaled.fields,
        ),
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(Constant("weights", "int32_t", words),),
        scratch_bytes=scratch_bytes,
        by_rows=f"tnf_{name}_rows_s8",
    )
