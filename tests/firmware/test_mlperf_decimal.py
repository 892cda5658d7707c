"""Three decimals of a float32 without floats: the text that the C library would print."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fake_board import SUPPORT, compile_c

from tinyflow import paths

Decimal = Callable[[int, float], str]
SCALES = [1 / 256, 1 / 255, 0.00390625 * 1.0000001, 0.5, 1.0, 0.0715, 1e-9, 3.1e-4, 0.0005, 123.456]


@pytest.fixture(scope="module")
def decimal(tmp_path_factory: pytest.TempPathFactory) -> Decimal:
    place = paths.data_folder("firmware") / "mlperf"
    here = Path(__file__).parent
    own = sorted(place.glob("*.c"))  # all of them: with every warning there is
    sources = [here / "decimal_shim.c", *own, SUPPORT / "memory_port.c"]
    built = tmp_path_factory.mktemp("decimal") / "shim.so"
    library = ctypes.CDLL(str(compile_c(built, sources, ["-shared", "-fPIC", f"-I{place}"])))
    library.shim_decimal.argtypes = [
        ctypes.c_int32,
        ctypes.c_float,
        ctypes.c_char_p,
        ctypes.c_size_t,
    ]
    library.shim_decimal.restype = ctypes.c_size_t
    text = ctypes.create_string_buffer(64)

    def written(value: int, scale: float) -> str:
        size = library.shim_decimal(value, scale, text, 64)
        return text.raw[:size].decode()

    return written


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("zero_point", [-128, 3, 127])
def test_every_code(decimal: Decimal, scale: float, zero_point: int) -> None:
    for code in range(-128, 128):
        real = np.float32(code - zero_point) * np.float32(scale)
        assert decimal(code - zero_point, scale) == f"{float(real):.3f}"


def test_any_float(decimal: Decimal) -> None:
    """Those that tie, those that vanish, and what the anomaly score may be."""
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 0x4F000000, size=3000, dtype=np.uint32)
    values = [*bits.view(np.float32), *(np.arange(0, 400, dtype=np.float32) / 16000)]
    for real in values:
        assert decimal(1, float(real)) == f"{float(real):.3f}"
        assert decimal(-1, float(real)) == f"{-float(real):.3f}"


def test_what_is_too_large_is_cut(decimal: Decimal) -> None:
    for large in (2.0**31, 1e38, float("inf"), float("nan")):
        assert decimal(1, large) == "2147483648.000"
