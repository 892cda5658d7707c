"""What the templates of generated C print: every number and word ready."""

from __future__ import annotations

from dataclasses import dataclass

from tinyflow.compiler.streaming.printing import StreamView


@dataclass(frozen=True)
class ArrayView:
    """A constant array as the template prints it."""

    symbol: str
    ctype: str
    length: int
    size_bytes: int
    comment: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class CallView:
    """A kernel call as the template prints it. `fields` are the parameters' initialisers."""

    params: str
    params_type: str
    fields: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True)
class PartView:
    """What an observer is told: `bytes` of a layer's output at `offset` of all it writes.

    They lie at `place`.
    """

    offset: int
    place: str
    bytes: int


@dataclass(frozen=True)
class LayerView:
    """A layer as the template prints it. `bytes` are those of all its `parts`."""

    index: int
    comment: str
    calls: tuple[CallView, ...]
    bytes: int
    parts: tuple[PartView, ...]


@dataclass(frozen=True)
class ArenaRow:
    """A line of a memory's table: where a tensor lies and from which layer to which it lives."""

    offset: int
    size: int
    first: str
    last: str
    name: str


@dataclass(frozen=True)
class TensorView:
    """A model input or output as the template prints it.

    `suffix` tells several apart in C: empty for the first, then _1, _2; `name` is the model's, for
    a comment, empty where there is one only. `pointer` is the C type of its values, `type` what
    tnf_model.h calls it.
    """

    suffix: str
    name: str
    offset: int
    size: int
    dtype: str
    type: str
    pointer: str
    shape: str
    is_quantized: bool
    scale: str
    zero_point: int


@dataclass(frozen=True)
class ModelContext:
    """Context of templates/model/*. `blocks` are the layers with each stream as one, `arena` and
    `slow` say what lies in the two memories.
    """

    name: str
    upper: str
    tool_version: str
    abi: int
    source: str
    model_sha256: str
    sha256_bytes: str
    board: str
    backend: str
    arena_bytes: int
    activation_bytes: int
    slow_bytes: int
    state_bytes: int
    scratch_bytes: int
    weights_bytes: int
    macs: int
    headers: tuple[str, ...]
    arrays: tuple[ArrayView, ...]
    layers: tuple[LayerView, ...]
    streams: tuple[StreamView, ...]
    blocks: tuple[LayerView, ...]
    resets: tuple[CallView, ...]
    arena: tuple[ArenaRow, ...]
    slow: tuple[ArenaRow, ...]
    inputs: tuple[TensorView, ...]
    outputs: tuple[TensorView, ...]
    input_bytes: int
    output_bytes: int
