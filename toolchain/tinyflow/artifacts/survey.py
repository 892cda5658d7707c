"""What is known of a model before anything is written or built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tinyflow.artifacts.model import TensorSpec


@dataclass(frozen=True)
class Finding:
    """Something of a model that cannot be compiled.

    `node` is its number in the .tflite, -1 for the model as a whole; `layer` the name of what it
    writes. `text` is the rule and what was found, `advice` what to change.
    """

    node: int
    op: str
    layer: str
    text: str
    advice: str


@dataclass(frozen=True)
class CodeParts:
    """What the generated C is made of, for an estimate of its size.

    `calls` are kernel calls outside of streams, with `operands` in all; `told` are the parts that
    an observer is told. `streams` are functions that compute by rows: they have `stages`, `rings`
    and `copies` in all.
    """

    calls: int = 0
    operands: int = 0
    told: int = 0
    streams: int = 0
    stages: int = 0
    rings: int = 0
    copies: int = 0
    resets: int = 0


@dataclass(frozen=True)
class Survey:
    """A model that can be compiled, by its figures; those of CompiledModel have the same meaning.

    `kernels` are the kernels' source files without suffix, `params` counts parameter structs by
    their C type. `padding_bytes` lie behind constants where all of them share a section.
    """

    name: str
    model_sha256: str
    backend: str
    macs: int
    weights_bytes: int
    arena_bytes: int
    activation_bytes: int
    state_bytes: int
    scratch_bytes: int
    layers: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    operators: Mapping[str, int]
    changes: tuple[str, ...]
    busiest: str
    kernels: tuple[str, ...]
    params: Mapping[str, int]
    padding_bytes: int
    code: CodeParts = field(default_factory=CodeParts)
    slow_bytes: int = 0
