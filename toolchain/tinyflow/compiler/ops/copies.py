"""Kernel calls that copy and fill: they move bytes, so one kernel serves all types.

A copy is described by its axes, outermost first, with strides in bytes on both sides. Axes along
which both sides are dense are merged, so that the kernel moves the longest runs there are.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinyflow.compiler.graph import ITEM_BYTES, Graph, Tensor, array
from tinyflow.compiler.ops.op import Constant, KernelCall, View


class Axis(NamedTuple):
    """One loop of a copy: how often, and how far the next item lies, in bytes."""

    extent: int
    input_stride: int
    output_stride: int


class Lookup(NamedTuple):
    """One loop over a dense side; in the other, item i lies at stride * table[i] bytes.

    Without a table it lies at stride * i.
    """

    extent: int
    stride: int
    table: tuple[int, ...] | None = None


def item_bytes(tensor: Tensor) -> int:
    """Bytes of one value."""
    return ITEM_BYTES[tensor.dtype]


def dense_strides(shape: Sequence[int], item: int) -> tuple[int, ...]:
    """Bytes from one index to the next along each axis of a dense array."""
    inner = itertools.accumulate(reversed(shape[1:]), lambda a, b: a * b, initial=item)
    return tuple(reversed(list(inner)))[-len(shape) :] if shape else ()


def copy(
    graph: Graph,
    source: int,
    output: int,
    axes: Sequence[Axis] = (),
    *,
    run: int | None = None,
    input_offset: int = 0,
    output_offset: int = 0,
) -> KernelCall:
    """A copy of runs of `run` bytes, which stand along `axes` on both sides.

    By default all of tensor `source` is copied. Where one tensor is a block of the other the copy
    is left out if the plan can place it there.
    """
    run = graph.tensors[output].size_bytes if run is None else run
    merged, run = _merge(axes, run)
    if merged:
        return _strided(source, output, merged, run, input_offset, output_offset)
    return KernelCall(
        function="tnf_copy",
        header="tnf_copy.h",
        kernels=("copy",),
        params_type="tnf_copy_t",
        params=(
            ("bytes", run),
            ("input_offset", input_offset),
            ("output_offset", output_offset),
        ),
        inputs=(source,),
        outputs=(output,),
        bytewise=True,
        view=_view(graph, source, output, run, input_offset, output_offset),
    )


def copy_constant(
    source: Tensor, output: int, *, rows: int = 1, stride: int = 0, offset: int = 0
) -> KernelCall:
    """A copy of a constant to `offset`; it is cut into `rows` that stand `stride` bytes apart."""
    content = np.frombuffer(np.ascontiguousarray(array(source)).tobytes(), np.int8)
    return KernelCall(
        function="tnf_copy_constant",
        header="tnf_copy.h",
        kernels=("copy_constant",),
        params_type="tnf_copy_constant_t",
        params=(
            ("rows", rows),
            ("bytes", content.size // rows),
            ("output_offset", offset),
            ("output_stride", stride),
        ),
        constants=(Constant("constant", "int8_t", content),),
        inputs=(),
        outputs=(output,),
        bytewise=True,
    )


def fill(graph: Graph, output: int, value: NDArray[np.generic]) -> KernelCall:
    """All of a tensor filled with one value of its type."""
    return KernelCall(
        function="tnf_fill",
        header="tnf_copy.h",
        kernels=("fill",),
        params_type="tnf_fill_t",
        params=(("bytes", graph.tensors[output].size_bytes), ("pattern", pattern(value))),
        inputs=(),
        outputs=(output,),
        bytewise=True,
    )


def gather(source: int, output: int, lookups: Sequence[Lookup], run: int) -> KernelCall:
    """The output's runs, in order, from where `lookups` find them in the input."""
    return _looked_up("gather", source, output, lookups, run)


def scatter(source: int, output: int, lookups: Sequence[Lookup], run: int) -> KernelCall:
    """The input's runs, in order, to where `lookups` put them in the output."""
    return _looked_up("scatter", source, output, lookups, run)


def pattern(value: NDArray[np.generic]) -> int:
    """A value's bytes, repeated to four, as an int32."""
    content = value.tobytes() * (4 // value.dtype.itemsize)
    return int(np.frombuffer(content, np.int32)[0])


def _strided(
    source: int,
    output: int,
    axes: Sequence[Axis],
    run: int,
    input_offset: int,
    output_offset: int,
) -> KernelCall:
    return KernelCall(
        function="tnf_copy_strided",
        header="tnf_copy.h",
        kernels=("copy_strided",),
        params_type="tnf_copy_strided_t",
        params=(
            ("run", run),
            ("count", len(axes)),
            ("input_offset", input_offset),
            ("output_offset", output_offset),
        ),
        constants=(Constant("axes", "int32_t", np.array(axes, np.int32)),),
        inputs=(source,),
        outputs=(output,),
        bytewise=True,
    )


def _looked_up(
    kernel: str, source: int, output: int, lookups: Sequence[Lookup], run: int
) -> KernelCall:
    kept: list[Lookup] = []
    for lookup in reversed([found for found in lookups if found.extent > 1 or found.table]):
        if lookup.table is None and not kept and lookup.stride == run:
            run *= lookup.extent
        else:
            kept.insert(0, lookup)
    kept = kept or [Lookup(1, 0)]
    starts, tables = [], [0]
    if any(lookup.table for lookup in kept):
        tables = []
    for lookup in kept:
        starts.append(len(tables) if lookup.table else -1)
        tables += lookup.table or ()
    rows = [(found.extent, found.stride, at) for found, at in zip(kept, starts, strict=True)]
    return KernelCall(
        function=f"tnf_{kernel}",
        header="tnf_gather.h",
        kernels=(kernel,),
        params_type="tnf_gather_t",
        params=(("run", run), ("count", len(kept))),
        constants=(
            Constant("axes", "int32_t", np.array(rows, np.int32)),
            Constant("tables", "int32_t", np.array(tables, np.int32)),
        ),
        inputs=(source,),
        outputs=(output,),
        bytewise=True,
    )


def _merge(axes: Sequence[Axis], run: int) -> tuple[list[Axis], int]:
    """Fewer axes for the same copy, and a longer run."""
    merged: list[Axis] = []
    for axis in axes:
        if axis.extent == 1:
            continue
        if merged:
            extent, source, output = merged[-1]
            inside = (axis.extent * axis.input_stride, axis.extent * axis.output_stride)
            if (source, output) == inside:
                merged[-1] = axis._replace(extent=extent * axis.extent)
                continue
        merged.append(axis)
    if merged and merged[-1].input_stride == merged[-1].output_stride == run:
        run *= merged.pop().extent
    return merged, run


def _view(
    graph: Graph, source: int, output: int, size: int, input_offset: int, output_offset: int
) -> View | None:
    if size == graph.tensors[output].size_bytes:
        return View(part=output, whole=source, offset=input_offset)
    if size == graph.tensors[source].size_bytes:
        return View(part=source, whole=output, offset=output_offset)
    return None
