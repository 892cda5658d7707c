"""What a device remembers, compiled for the host around a reference and the tensors of a model."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from fake_board import SUPPORT, WARNINGS, includes

from tinyflow import generate, paths, process, render
from tinyflow.artifacts import TensorSpec, TrainingReference
from tinyflow.drift.planning import CLASSES, CONFIDENCE_BINS, SKETCH_BINS, SKETCHES

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes

SOURCES = ("tnf_drift.c", "tnf_telemetry.c", "tnf_tensor.c")
TYPES = {"int8": 0, "int16": 1, "int32": 2, "float32": 3, "bool": 4}


class Sketch(ctypes.Structure):
    _fields_ = (
        ("sum", ctypes.c_uint32),
        ("squares", ctypes.c_uint32),
        ("count", ctypes.c_uint16),
        ("bins", ctypes.c_uint16 * SKETCH_BINS),
        ("under", ctypes.c_uint8 * 2),
        ("most", ctypes.c_uint8 * 2),
        ("unused", ctypes.c_uint16),
    )


class Drift(ctypes.Structure):
    _fields_ = (
        ("windows", ctypes.c_uint32),
        ("alarms", ctypes.c_uint32),
        ("input_score", ctypes.c_uint32),
        ("output_score", ctypes.c_uint32),
        ("sketches", Sketch * SKETCHES),
        ("classes", ctypes.c_uint16 * (CLASSES + 1)),
        ("confidence", ctypes.c_uint16 * CONFIDENCE_BINS),
        ("position", ctypes.c_uint16),
        ("phase", ctypes.c_uint16),
        ("untold", ctypes.c_uint16),
    )


class Telemetry(ctypes.Structure):
    _fields_ = (
        ("total", ctypes.c_uint64),
        ("figures", ctypes.c_uint32 * 6),
        ("histogram", ctypes.c_uint32 * 40),
        ("classes", ctypes.c_uint32 * CLASSES),
        ("classes_other", ctypes.c_uint32),
        ("confidence", ctypes.c_uint32 * CONFIDENCE_BINS),
        ("drift", Drift),
    )


def reference_source(reference: TrainingReference) -> str:
    """src/reference.c of a firmware project."""
    context = generate.reference_context(reference)
    return render.render("firmware/reference.c.j2", context)


def model_source(inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> str:
    """A model of these tensors, which lie one after another."""

    def rows(specs: Sequence[TensorSpec]) -> str:
        starts = np.cumsum([0, *(spec.size_bytes for spec in specs)])
        return ", ".join(
            f"{{{start}, {spec.size_bytes}, 0.0f, {spec.zero_point}, {TYPES[spec.dtype]}}}"
            for start, spec in zip(starts, specs, strict=False)
        )

    sizes = [sum(spec.size_bytes for spec in specs) for specs in (inputs, outputs)]
    return (
        '#include "tnf_model.h"\n'
        "extern const tnf_model_t drift_model;\n"
        f"static const tnf_tensor_t inputs[] = {{{rows(inputs)}}};\n"
        f"static const tnf_tensor_t outputs[] = {{{rows(outputs)}}};\n"
        "const tnf_model_t drift_model = {.inputs = inputs, .outputs = outputs,\n"
        f"    .input_bytes = {sizes[0]}, .output_bytes = {sizes[1]}}};\n"
    )


class Device:
    """One device; `run` gives it inferences that somebody else has computed."""

    def __init__(
        self,
        folder: Path,
        reference: TrainingReference,
        inputs: Sequence[TensorSpec],
        outputs: Sequence[TensorSpec],
        flags: Sequence[str] = ("-O2",),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "reference.c").write_text(reference_source(reference))
        (folder / "model.c").write_text(model_source(inputs, outputs))
        runtime = paths.data_folder("firmware") / "runtime"
        sources = [SUPPORT / "drift_shim.c", *(runtime / name for name in SOURCES)]
        sources += [folder / "reference.c", folder / "model.c"]
        command = ["gcc", "-std=c99", "-shared", "-fPIC", *flags, *WARNINGS, *includes()]
        output = folder / "drift.so"
        process.run(
            [*command, *map(str, sources), "-o", str(output)], what="the compiler", timeout=120
        )
        self.library: Any = ctypes.CDLL(str(output))
        self.library.shim_run.restype = ctypes.c_size_t
        self.library.shim_run.argtypes = (
            *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p),
            *(ctypes.c_size_t, ctypes.c_void_p),
        )
        self.library.shim_telemetry.restype = ctypes.POINTER(Telemetry)
        self.model = ctypes.addressof(ctypes.c_char.in_dll(self.library, "drift_model"))
        self.window = reference.window
        assert self.library.shim_telemetry_bytes() == ctypes.sizeof(Telemetry)
        self.start()

    def start(self) -> None:
        self.library.shim_start()

    @property
    def telemetry(self) -> Any:
        return self.library.shim_telemetry().contents

    def run(self, inputs: Bytes, outputs: Bytes) -> Any:
        """Both scores of each window that ended, [windows, 2]."""
        taken, given = np.ascontiguousarray(inputs), np.ascontiguousarray(outputs)
        scores = np.zeros((len(taken) // self.window + 1, 2), np.uint16)
        windows = self.library.shim_run(
            self.model, taken.ctypes.data, given.ctypes.data, len(taken), scores.ctypes.data
        )
        return scores[:windows].astype(np.int64)

    def score(self, counts: Any, shares: Any) -> int:
        """One score, in 1/16384."""
        given = [np.ascontiguousarray(values, np.uint16) for values in (counts, shares)]
        pointers = [ctypes.c_void_p(values.ctypes.data) for values in given]
        return int(self.library.shim_score(*pointers, ctypes.c_size_t(len(given[0]))))
