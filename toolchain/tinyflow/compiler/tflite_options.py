"""The options of operators in a .tflite, as data: adding an operator's is one entry in OPTIONS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinyflow.compiler.tflite_schema import TENSOR_TYPES


@dataclass(frozen=True)
class Option:
    """One field of an options table.

    `kind` is bool, int8, int32 or float32, "ints" for a vector of int32, or "text". With `names`
    the value is an enum and is told by name.
    """

    name: str
    kind: str = "int32"
    default: Any = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class OptionsTable:
    """An operator's options: the table's number in the schema's union, and its fields by slot."""

    union: int
    fields: tuple[Option, ...] = ()


PADDING = Option("padding", "int8", names=("SAME", "VALID"))
ACTIVATION = Option(
    "fused_activation_function",
    "int8",
    names=("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"),
)
WEIGHTS_FORMAT = Option("weights_format", "int8", names=("DEFAULT", "SHUFFLED4x16INT8"))
TYPE_NAMES = tuple(name.upper() for name in TENSOR_TYPES)
BIAS_TYPE = Option("quantized_bias_type", "int8", names=TYPE_NAMES)
STRIDES = (Option("stride_w"), Option("stride_h"))
DILATIONS = (Option("dilation_w_factor", default=1), Option("dilation_h_factor", default=1))
ASYMMETRIC = Option("asymmetric_quantize_inputs", "bool", False)
POT_SCALE = Option("pot_scale_int16", "bool", True)
ALIGN_CORNERS = Option("align_corners", "bool", False)
HALF_PIXELS = Option("half_pixel_centers", "bool", False)
POOL_2D = OptionsTable(
    5, (PADDING, *STRIDES, Option("filter_width"), Option("filter_height"), ACTIVATION)
)
REDUCER = OptionsTable(27, (Option("keep_dims", "bool", False),))

OPTIONS = {
    "CONV_2D": OptionsTable(1, (PADDING, *STRIDES, ACTIVATION, *DILATIONS, BIAS_TYPE)),
    "DEPTHWISE_CONV_2D": OptionsTable(
        2, (PADDING, *STRIDES, Option("depth_multiplier"), ACTIVATION, *DILATIONS)
    ),
    "AVERAGE_POOL_2D": POOL_2D,
    "MAX_POOL_2D": POOL_2D,
    "SVDF": OptionsTable(6, (Option("rank"), ACTIVATION, ASYMMETRIC)),
    "FULLY_CONNECTED": OptionsTable(
        8,
        (
            ACTIVATION,
            WEIGHTS_FORMAT,
            Option("keep_num_dims", "bool", False),
            ASYMMETRIC,
            BIAS_TYPE,
        ),
    ),
    "SOFTMAX": OptionsTable(9, (Option("beta", "float32", 0.0),)),
    "CONCATENATION": OptionsTable(10, (Option("axis"), ACTIVATION)),
    "ADD": OptionsTable(11, (ACTIVATION, POT_SCALE)),
    "RESIZE_BILINEAR": OptionsTable(
        15, (Option("new_height"), Option("new_width"), ALIGN_CORNERS, HALF_PIXELS)
    ),
    "RESHAPE": OptionsTable(17, (Option("new_shape", "ints", ()),)),
    "SPACE_TO_DEPTH": OptionsTable(19, (Option("block_size"),)),
    "MUL": OptionsTable(21, (ACTIVATION,)),
    "PAD": OptionsTable(22),
    "GATHER": OptionsTable(23, (Option("axis"), Option("batch_dims"))),
    "BATCH_TO_SPACE_ND": OptionsTable(24),
    "SPACE_TO_BATCH_ND": OptionsTable(25),
    "TRANSPOSE": OptionsTable(26),
    "MEAN": REDUCER,
    "SUM": REDUCER,
    "REDUCE_MAX": REDUCER,
    "REDUCE_MIN": REDUCER,
    "SUB": OptionsTable(28, (ACTIVATION, POT_SCALE)),
    "SQUEEZE": OptionsTable(30, (Option("squeeze_dims", "ints", ()),)),
    "STRIDED_SLICE": OptionsTable(
        32,
        (
            Option("begin_mask"),
            Option("end_mask"),
            Option("ellipsis_mask"),
            Option("new_axis_mask"),
            Option("shrink_axis_mask"),
            Option("offset", "bool", False),
        ),
    ),
    "SPLIT": OptionsTable(35, (Option("num_splits"),)),
    "CAST": OptionsTable(
        37,
        (
            Option("in_data_type", "int8", names=TYPE_NAMES),
            Option("out_data_type", "int8", names=TYPE_NAMES),
        ),
    ),
    "DEQUANTIZE": OptionsTable(38),
    "MAXIMUM": OptionsTable(39),
    "MINIMUM": OptionsTable(39),
    "ARG_MAX": OptionsTable(40, (Option("output_type", "int8", names=TYPE_NAMES),)),
    "NEG": OptionsTable(42),
    "PADV2": OptionsTable(43),
    "SLICE": OptionsTable(48),
    "TRANSPOSE_CONV": OptionsTable(49, (PADDING, *STRIDES, ACTIVATION, BIAS_TYPE)),
    "TILE": OptionsTable(51),
    "EXPAND_DIMS": OptionsTable(52),
    "SHAPE": OptionsTable(55, (Option("out_type", "int8", names=TYPE_NAMES),)),
    "ARG_MIN": OptionsTable(57, (Option("output_type", "int8", names=TYPE_NAMES),)),
    "PACK": OptionsTable(59, (Option("values_count"), Option("axis"))),
    "UNPACK": OptionsTable(64, (Option("num"), Option("axis"))),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": OptionsTable(
        71,
        (
            ACTIVATION,
            Option("cell_clip", "float32", 0.0),
            Option("proj_clip", "float32", 0.0),
            Option("time_major", "bool", False),
            ASYMMETRIC,
            Option("diagonal_recurrent_tensors", "bool", False),
        ),
    ),
    "RESIZE_NEAREST_NEIGHBOR": OptionsTable(74, (ALIGN_CORNERS, HALF_PIXELS)),
    "LEAKY_RELU": OptionsTable(75, (Option("alpha", "float32", 0.0),)),
    "SQUARED_DIFFERENCE": OptionsTable(76),
    "MIRROR_PAD": OptionsTable(77, (Option("mode", "int8", names=("REFLECT", "SYMMETRIC")),)),
    "ABS": OptionsTable(78),
    "SPLIT_V": OptionsTable(79, (Option("num_splits"),)),
    "QUANTIZE": OptionsTable(89),
    "HARD_SWISH": OptionsTable(91),
    "DEPTH_TO_SPACE": OptionsTable(94, (Option("block_size"),)),
    "BATCH_MATMUL": OptionsTable(
        101, (Option("adj_x", "bool", False), Option("adj_y", "bool", False), ASYMMETRIC)
    ),
    "CALL_ONCE": OptionsTable(103, (Option("init_subgraph_index"),)),
    "VAR_HANDLE": OptionsTable(
        111, (Option("container", "text", ""), Option("shared_name", "text", ""))
    ),
    "READ_VARIABLE": OptionsTable(112),
    "ASSIGN_VARIABLE": OptionsTable(113),
}
