"""What the Xtensa compiler's library lacks, against this machine's own arithmetic."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from tinyflow import paths, process

SOURCES = paths.data_folder("firmware") / "ports" / "xtensa"
TRIALS = 20_000

# Arrays instead of single numbers: a call through ctypes for each would take minutes.
DRIVER = """
#include <stdint.h>
#define MAP(name, to, from) \\
    to name(from, from); \\
    void all_##name(to *r, const from *a, const from *b, int n) \\
    { for (int i = 0; i < n; i++) r[i] = name(a[i], b[i]); }
#define MAP_ONE(name, to, from) \\
    to name(from); \\
    void all_##name(to *r, const from *a, int n) { for (int i = 0; i < n; i++) r[i] = name(a[i]); }
MAP(__udivsi3, uint32_t, uint32_t)
MAP(__umodsi3, uint32_t, uint32_t)
MAP(__divsi3, int32_t, int32_t)
MAP(__umulsidi3, uint64_t, uint32_t)
MAP(__muldi3, uint64_t, uint64_t)
MAP(__udivdi3, uint64_t, uint64_t)
MAP(__umoddi3, uint64_t, uint64_t)
MAP(__divdi3, int64_t, int64_t)
MAP(__moddi3, int64_t, int64_t)
MAP(__addsf3, float, float)
MAP(__subsf3, float, float)
MAP(__mulsf3, float, float)
MAP_ONE(__floatsisf, float, int32_t)
MAP_ONE(__floatunsisf, float, uint32_t)
MAP_ONE(__fixunssfsi, uint32_t, float)
"""

RANDOM = np.random.default_rng(11)


def integers(kind: type[np.integer]) -> np.ndarray:
    """Of every size, with the ends of the range and what is next to them."""
    info = np.iinfo(kind)
    bits = 8 * np.dtype(kind).itemsize
    values = RANDOM.integers(info.min, info.max, TRIALS, kind, endpoint=True)
    values >>= RANDOM.integers(0, bits, TRIALS).astype(kind)
    ends = [info.min, info.min + 1, 0, 1, 2, 3, info.max - 1, info.max]
    return np.concatenate([values, np.array(ends * 8, kind)])


def floats() -> np.ndarray:
    """All patterns of bits, with many of nearly the same size, and the special ones."""
    wild = RANDOM.integers(0, 2**32, TRIALS, np.uint32, endpoint=False).view(np.float32)
    near = (RANDOM.standard_normal(TRIALS) * 2.0 ** RANDOM.integers(-30, 30, TRIALS)).astype("f4")
    tiny = RANDOM.integers(0, 2**25, TRIALS, np.uint32).view(np.float32)
    ends = [0, 0x80000000, 1, 0x007FFFFF, 0x00800000, 0x7F7FFFFF, 0x7F800000, 0xFF800000]
    ends += [0x7FC00000, 0x3F800000, 0xBF800000, 0x80000001, 0x4B800000, 0x33800000]
    special = np.repeat(np.array(ends, np.uint32).view(np.float32), 40)
    return RANDOM.permutation(np.concatenate([wild, near, tiny, special]))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder: Path = tmp_path_factory.mktemp("arithmetic")
    (folder / "driver.c").write_text(DRIVER, encoding="utf-8")
    process.run(
        [
            *("cc", "-std=c99", "-O1", "-shared", "-fPIC", "-fno-builtin", "-Wl,-Bsymbolic"),
            *(str(SOURCES / name) for name in ("integers.c", "floats.c")),
            *(str(folder / "driver.c"), "-o", str(folder / "arithmetic.so")),
        ],
        timeout=60,
    )
    return ctypes.CDLL(str(folder / "arithmetic.so"))


def call(library: ctypes.CDLL, name: str, to: str, *inputs: np.ndarray) -> np.ndarray:
    result = np.zeros(len(inputs[0]), to)
    arrays = (result, *(np.ascontiguousarray(values) for values in inputs))
    function = getattr(library, f"all_{name}")
    function(*(array.ctypes.data_as(ctypes.c_void_p) for array in arrays), len(result))
    return result


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("__udivsi3", np.uint32),
        ("__umodsi3", np.uint32),
        ("__divsi3", np.int32),
        ("__umulsidi3", np.uint32),
        ("__muldi3", np.uint64),
        ("__udivdi3", np.uint64),
        ("__umoddi3", np.uint64),
        ("__divdi3", np.int64),
        ("__moddi3", np.int64),
    ],
)
def test_integers(name: str, kind: type[np.integer], library: ctypes.CDLL) -> None:
    a, b = integers(kind), RANDOM.permutation(integers(kind))
    if "mul" not in name:
        b[b == 0] = 1
        lowest = np.iinfo(kind).min
        a[(a == lowest) & (b == kind(-1 if lowest < 0 else 1))] = 1  # nothing holds the quotient
    bits = 64 if "di3" in name else 32
    to = f"{np.dtype(kind).kind}{bits // 8}"
    wanted = []
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        quotient = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1) if y else 0
        exact = x * y if "mul" in name else x - quotient * y if "mod" in name else quotient
        wanted.append(exact % 2**bits)
    found = call(library, name, to, a, b).astype(f"u{bits // 8}")
    assert found.tolist() == wanted


@pytest.mark.parametrize("name", ["__addsf3", "__subsf3", "__mulsf3"])
def test_floats_to_the_last_bit(name: str, library: ctypes.CDLL) -> None:
    a, b = floats(), floats()
    operation = {"add": np.add, "sub": np.subtract, "mul": np.multiply}[name[2:5]]
    with np.errstate(all="ignore"):
        wanted = operation(a, b)
    found = call(library, name, "f4", a, b)
    assert (np.isnan(found) == np.isnan(wanted)).all()
    number = ~np.isnan(wanted)
    assert (found.view("u4")[number] == wanted.view("u4")[number]).all()


@pytest.mark.parametrize(("name", "kind"), [("__floatsisf", "i4"), ("__floatunsisf", "u4")])
def test_integers_become_floats(name: str, kind: str, library: ctypes.CDLL) -> None:
    values = integers(np.dtype(kind).type)
    found = call(library, name, "f4", values)
    assert (found.view("u4") == values.astype("f4").view("u4")).all()


def test_floats_become_integers(library: ctypes.CDLL) -> None:
    values = floats()
    values = values[np.isfinite(values)]
    wanted = [min(max(int(value), 0), 2**32 - 1) for value in values.tolist()]
    assert call(library, "__fixunssfsi", "u4", values).tolist() == wanted
