"""CONV_2D: what its variants have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyflow.compiler.memory.rows import RowTrace, reach, windowed
from tinyflow.compiler.ops.op import Constant, KernelCall, Overlap
from tinyflow.compiler.packing.mve.scales import Scales
from tinyflow.compiler.packing.weighted import Weighted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SLICE = 16
"""Values that are multiplied at once."""
PIXELS = 3
"""Windows that are multiplied at once."""
SCRATCH_BYTES = 4096
"""The most that a kernel takes for itself."""
SIZES = (
    "batches",
    "input_height",
    "input_width",
    "input_channels",
    "output_height",
    "output_width",
    "output_channels",
    "filter_height",
    "filter_width",
    "stride_height",
    "stride_width",
    "pad_top",
    "pad_left",
)
"""Fields of the kernels' parameters that are as the operator has them."""


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
    params = dict(layer.call.params)
    return KernelCall(
        function=f"tnf_{name}_s8",
        header="tnf_conv_mve.h",
        kernels=(f"{name}_s8",),
        params_type="tnf_conv_2d_mve_t",
        params=(
            *((field, int(params[field])) for field in SIZES),
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


def overlap(call: KernelCall, trace: RowTrace) -> Overlap:
    """Where the output of a call with that trace may lie over its input."""
    return Overlap(call.inputs[0], call.outputs[0], reach(trace), trace)


def rows(layer: Weighted) -> RowTrace:
    """Rows are copied before the first output whose window has them."""
    return windowed(
        layer.output_height,
        layer.input_height,
        layer.filter_height,
        layer.stride_height,
        layer.pad_top,
        input_row_bytes=layer.input_width * layer.input_channels,
        output_row_bytes=layer.output_width * layer.output_channels,
        batches=layer.batches,
    )
