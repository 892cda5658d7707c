"""Calls kernels as the generated code does, in a child process under sanitizers.

What a kernel call looks like is read from tnf_kernels.h, so a call whose fields are not those of
the parameter struct is found here.
"""

from __future__ import annotations

import ctypes
import re
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from tinyflow import paths, process
from tinyflow.compiler.ops.op import KernelCall

KERNELS = paths.data_folder("firmware") / "kernels"
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
SOURCE = Path(__file__).with_suffix(".c")
POINTERS = {"int8_t": "const int8_t *", "int32_t": "const int32_t *"}

Bytes = NDArray[np.int8]


@dataclass(frozen=True)
class Prototype:
    """A kernel as its header declares it."""

    function: str
    params_type: str
    inputs: int


class KernelHeader:
    """The structs and functions that tnf_kernels.h declares."""

    def __init__(self, header: Path = KERNELS / "include" / "tnf_kernels.h") -> None:
        text = re.sub(r"/\*.*?\*/|\bTNF_FLASH ", "", header.read_text(), flags=re.S)
        self.pointers: dict[str, dict[str, str]] = {}
        self.numbers: dict[str, list[str]] = {}
        self.layouts: dict[str, type[ctypes.Structure]] = {}
        for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (\w+);", text, flags=re.S):
            self._struct(name, [line.strip() for line in body.split(";") if line.strip()])
        declared = re.findall(r"void (tnf_\w+)\(const (\w+) \*params,(.*?)\);", text, flags=re.S)
        self.prototypes = tuple(
            Prototype(function, params, arguments.count("const int8_t *"))
            for function, params, arguments in declared
        )

    def _struct(self, name: str, lines: Sequence[str]) -> None:
        fields: list[tuple[str, type]] = []
        self.pointers[name], self.numbers[name] = {}, []
        for line in lines:
            kind, field = re.fullmatch(r"(.*?)(\w+)", line, flags=re.S).groups()  # type: ignore[union-attr]
            if kind.strip() == "int32_t":
                fields.append((field, ctypes.c_int32))
                self.numbers[name].append(field)
            else:
                fields.append((field, ctypes.c_void_p))
                self.pointers[name][field] = kind.strip()
        self.layouts[name] = type(name, (ctypes.Structure,), {"_fields_": fields})


class KernelServer:
    """The kernels in a child process; use it as a context manager."""

    def __init__(self, backend: str = "ref", flags: Sequence[str] = SANITIZERS) -> None:
        self.header = KernelHeader()
        self._folder = tempfile.TemporaryDirectory(prefix="tinyflow-kernels-")
        self._program = Path(self._folder.name) / "kernel_server"
        table = [
            f"{'ONE_INPUT' if p.inputs == 1 else 'TWO_INPUTS'}({p.function}, {p.params_type})"
            for p in self.header.prototypes
        ]
        (Path(self._folder.name) / "kernel_table.def").write_text("\n".join(table) + "\n")
        process.run(
            [
                *("cc", "-std=c99", "-O1", "-g", *flags),
                *(f"-I{KERNELS / 'include'}", f"-I{KERNELS.parent / 'include'}"),
                *(f"-I{KERNELS / backend}", f"-I{self._folder.name}"),
                *(str(path) for path in sorted((KERNELS / backend).glob("*.c"))),
                *(str(SOURCE), "-o", str(self._program)),
            ],
            timeout=120.0,
        )
        self._child: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115

    def __enter__(self) -> KernelServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self._log.close()
        self._folder.cleanup()

    def run(
        self, call: KernelCall, inputs: Sequence[Bytes], output_bytes: int, in_place: int = -1
    ) -> Bytes:
        """The output of one kernel call; `in_place` is the input whose memory it takes.

        Raises AssertionError with the sanitizer's report when the kernel did something wrong.
        """
        if self._child is None:
            self._log.seek(0)
            self._log.truncate()
            self._child = process.start(
                [str(self._program)],
                stdin=subprocess.PIPE,
                stderr=self._log,
                env={"ASAN_OPTIONS": "detect_leaks=1:malloc_fill_byte=85:max_malloc_fill_size=64"},
            )
        assert self._child.stdin is not None and self._child.stdout is not None
        try:
            self._child.stdin.write(self._request(call, inputs, output_bytes, in_place))
            self._child.stdin.flush()
            answer = self._child.stdout.read(output_bytes)
        except BrokenPipeError:
            answer = b""
        if len(answer) < output_bytes:
            self._stop()
            self._log.seek(0)
            raise AssertionError(self._log.read().decode("utf-8", "replace")[:4000])
        return np.frombuffer(answer, np.int8)

    def _request(
        self, call: KernelCall, inputs: Sequence[Bytes], output_bytes: int, in_place: int
    ) -> bytes:
        kernel = [p.function for p in self.header.prototypes].index(call.function)
        prototype = self.header.prototypes[kernel]
        assert prototype.params_type == call.params_type
        assert prototype.inputs == len(call.inputs) == len(inputs)
        layout = self.header.layouts[call.params_type]
        numbers = dict(call.params)
        assert sorted(numbers) == sorted(self.header.numbers[call.params_type])
        pointers = self.header.pointers[call.params_type]
        for constant in call.constants:
            assert pointers[constant.field] == POINTERS[constant.ctype]
            assert constant.data.dtype.name + "_t" == constant.ctype
        parts = [
            struct.pack("=3i", kernel, in_place, output_bytes),
            *_sized(bytes(layout(**numbers))),
            struct.pack("=i", len(call.constants)),
        ]
        for constant in call.constants:
            parts.append(struct.pack("=i", getattr(layout, constant.field).offset))
            parts += _sized(constant.data.tobytes())
        parts.append(struct.pack("=i", len(inputs)))
        for values in inputs:
            parts += _sized(values.tobytes())
        return b"".join(parts)

    def _stop(self) -> None:
        if self._child is not None:
            process.stop(self._child)
            self._child = None


def _sized(content: bytes) -> list[bytes]:
    return [struct.pack("=i", len(content)), content]
