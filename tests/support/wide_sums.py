"""Sums of 64 bits as the device scales them."""

from tinyflow.compiler.ops.sums import wide_multiplier
from tinyflow.compiler.quantmath import INT32_MIN, Multiplier


def requantize_wide(value: int, multiplier: Multiplier) -> int:
    """`value` (48 bits) times the multiplier, rounded once as on the device, wrapped to 32 bits."""
    factor, shift = wide_multiplier(multiplier)
    scaled = (value * factor + (1 << (shift - 1))) >> shift
    return (scaled - INT32_MIN) % 2**32 + INT32_MIN
