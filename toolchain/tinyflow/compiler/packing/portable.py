"""Plain C for every core: operators without weights, by tables and forms found offline.

Weighted operators have no variant here: the kernels of firmware/kernels/portable read the weights
as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.backend import PLAIN, Variant
from tinyflow.compiler.packing.exponential import exponential
from tinyflow.compiler.packing.linear import INT8, linear_sum, requantized
from tinyflow.compiler.quantmath import INT8_MAX, INT8_MIN

if TYPE_CHECKING:
    from tinyflow.compiler.steps import Step

INT8_VALUES = 256
LEAST_SOFTMAX = 64
"""Values from which on a table of exponentials is worth its bytes."""
LEAST_RESCALED = 512
"""Values from which on a table of all results is."""
CALL_INSTRUCTIONS = 40
PLAIN_INSTRUCTIONS = {"tnf_add_s8": 69, "tnf_rescale_s8": 26, "tnf_softmax_s8": 310}
LINEAR_INSTRUCTIONS, CLAMPED_INSTRUCTIONS = 13, 18
LOOKUP_INSTRUCTIONS = 6
SOFTMAX_INSTRUCTIONS, SOFTMAX_ROW_INSTRUCTIONS = 36, 250


def variants(graph: Graph, step: Step) -> Iterator[Variant]:
    """The ways of this backend to compute a step, with what the plain call takes beside them."""
    if len(step.calls) != 1:
        return
    call = step.calls[0]
    packers = {
        "tnf_add_s8": _linear_sum,
        "tnf_rescale_s8": _lookup,
        "tnf_softmax_s8": _softmax,
    }
    packer = packers.get(call.function)
    made = packer(call) if packer is not None else None
    if made is None:
        return
    elements = graph.output(step.node).elements
    plain = PLAIN_INSTRUCTIONS[call.function] * elements + CALL_INSTRUCTIONS
    yield Variant(PLAIN, step.calls, step.overlaps, plain)
    name, kernel, instructions = made
    yield Variant(name, (kernel,), step.overlaps, instructions)


Made = tuple[str, KernelCall, int]


def _numbers(call: KernelCall) -> dict[str, int]:
    return {name: int(value) for name, value in call.params}


def _linear_sum(call: KernelCall) -> Made | None:
    """Two tensors of one shape, added as one linear form."""
    params = _numbers(call)
    elements = params["shape.extent_3"]
    outer = [params[f"shape.extent_{axis}"] for axis in range(3)]
    steps = [params[f"shape.{name}_stride_3"] for name in ("input1", "input2")]
    if call.constants or outer != [1, 1, 1] or steps != [1, 1]:
        return None
    form = linear_sum(params)
    if form is None:
        return None
    made = KernelCall(
        function="tnf_linear_sum_s8",
        header="tnf_linear_sum.h",
        kernels=("linear_sum_s8",),
        params_type="tnf_linear_sum_t",
        params=(
            ("elements", elements),
            ("input1_multiplier", form.multiplier1),
            ("input2_multiplier", form.multiplier2),
            ("constant", form.constant),
            ("shift", form.shift),
            ("away", form.away),
            ("halves", form.halves),
            ("activation_min", params["activation_min"]),
            ("activation_max", params["activation_max"]),
        ),
        inputs=call.inputs,
        outputs=call.outputs,
    )
    full = (params["activation_min"], params["activation_max"]) == (INT8_MIN, INT8_MAX)
    each = LINEAR_INSTRUCTIONS if full and not form.away else CLAMPED_INSTRUCTIONS
    return "linear", made, each * elements + CALL_INSTRUCTIONS


def _lookup(call: KernelCall) -> Made | None:
    """A change of scale as a table of its results."""
    params = _numbers(call)
    elements = params["elements"]
    if elements < LEAST_RESCALED:
        return None
    scaled = requantized(INT8 + params["input_offset"], params["multiplier"], params["shift"])
    limits = params["activation_min"], params["activation_max"]
    table = np.clip(scaled + params["output_offset"], *limits).astype(np.int8)
    made = KernelCall(
        function="tnf_lookup_s8",
        header="tnf_activation.h",
        kernels=("lookup_s8",),
        params_type="tnf_lookup_s8_t",
        params=(("elements", elements),),
        inputs=call.inputs,
        outputs=call.outputs,
        constants=(Constant("table", "int8_t", table),),
    )
    return "table", made, LOOKUP_INSTRUCTIONS * elements + CALL_INSTRUCTIONS


def _softmax(call: KernelCall) -> Made | None:
    """A softmax whose exponentials are in a table."""
    params = _numbers(call)
    elements = params["rows"] * params["depth"]
    if elements < LEAST_SOFTMAX:
        return None
    count = min(INT8_VALUES, 1 - params["diff_min"])
    found = [exponential(-i, params["multiplier"], params["shift"]) for i in range(count)]
    made = KernelCall(
        function="tnf_softmax_table_s8",
        header="tnf_softmax_table.h",
        kernels=("softmax_table_s8",),
        params_type="tnf_softmax_table_t",
        params=(
            ("rows", params["rows"]),
            ("depth", params["depth"]),
            ("differences", count),
        ),
        inputs=call.inputs,
        outputs=call.outputs,
        constants=(Constant("exponentials", "int32_t", np.array(found, np.int32)),),
    )
    rows = params["rows"] * SOFTMAX_ROW_INSTRUCTIONS
    return "table", made, SOFTMAX_INSTRUCTIONS * elements + rows + CALL_INSTRUCTIONS
