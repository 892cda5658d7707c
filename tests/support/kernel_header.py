"""Reads from the kernels' headers what a kernel call looks like."""

from __future__ import annotations

import ctypes
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow import paths

KERNELS = paths.data_folder("firmware") / "kernels"
NUMBERS: dict[str, type] = {"int32_t": ctypes.c_int32, "float": ctypes.c_float}
ITEM_CTYPES = {"int8_t": "int8", "tnf_int16_t": "int16", "tnf_int32_t": "int32"}
ITEM_CTYPES |= {"tnf_float_t": "float32"}


@dataclass(frozen=True)
class Prototype:
    """A kernel as its header declares it. `arguments` are the types of its buffers."""

    function: str
    params_type: str
    arguments: tuple[str, ...]
    header: str

    @property
    def call(self) -> str:
        """The call in C, with buffers[i] as its arguments."""
        buffers = (f"({kind})(void *)buffers[{i}]" for i, kind in enumerate(self.arguments))
        return f"{self.function}({', '.join((f'(const {self.params_type} *)params', *buffers))})"


class KernelHeaders:
    """The structs and functions that the kernels' headers declare."""

    def __init__(self, *own: Path) -> None:
        """The headers of all backends, and `own`, those of one."""
        self.pointers: dict[str, dict[str, str]] = {}
        self.numbers: dict[str, list[str]] = {}
        self.layouts: dict[str, type[ctypes.Structure]] = {}
        self.prototypes: dict[str, Prototype] = {}
        files = [*sorted((KERNELS / "include").glob("*.h")), *own]
        self.names = tuple(file.name for file in files)
        for file in files:
            self._read(file)

    def _read(self, header: Path) -> None:
        text = re.sub(r"/\*.*?\*/|\bTNF_FLASH ", "", header.read_text(), flags=re.S)
        for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (\w+);", text, flags=re.S):
            self._struct(name, [line.strip() for line in body.split(";") if line.strip()])
        declared = re.findall(r"^void (tnf_\w+)\(const (\w+) \*params,(.*?)\);", text, re.S | re.M)
        for function, params, arguments in declared:
            if "tnf_rows_t" in arguments:
                continue  # what computes single rows is called by its kernel of whole tensors
            kinds = tuple(
                re.sub(r"\s*\w+$", "", argument.strip()) for argument in arguments.split(",")
            )
            self.prototypes[function] = Prototype(function, params, kinds, header.name)

    def _struct(self, name: str, lines: Sequence[str]) -> None:
        fields: list[tuple[str, type]] = []
        self.pointers[name], self.numbers[name] = {}, []
        for line in lines:
            kind, field = re.fullmatch(r"(.*?)(\w+)", line, flags=re.S).groups()  # type: ignore[union-attr]
            if kind.strip() in NUMBERS:
                fields.append((field, NUMBERS[kind.strip()]))
                self.numbers[name].append(field)
            elif kind.strip() in self.layouts:
                fields.append((field, self.layouts[kind.strip()]))
                self.numbers[name] += [f"{field}.{part}" for part in self.numbers[kind.strip()]]
            else:
                fields.append((field, ctypes.c_void_p))
                self.pointers[name][field] = kind.strip()
        self.layouts[name] = type(name, (ctypes.Structure,), {"_fields_": fields})

    def params(self, name: str, numbers: Mapping[str, int | float]) -> ctypes.Structure:
        """A parameter struct; "shape.extent_0" is a number of its part `shape`."""
        made = self.layouts[name]()
        for field, value in numbers.items():
            *parts, last = field.split(".")
            place = functools.reduce(getattr, parts, made)
            setattr(place, last, value)
        return made
