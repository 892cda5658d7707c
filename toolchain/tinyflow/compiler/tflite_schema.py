"""The .tflite schema's names and numbers, as data.

Adding an operator's options is one entry in OPTIONS.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

IDENTIFIER = b"TFL3"

# The numpy name of each tensor type, in the order of the schema's enum; where numpy has none,
# the schema's name in small letters.
_TENSOR_TYPES = """
float32 float16 int32 uint8 int64 string bool int16 complex64 int8 float64 complex128 uint64
resource variant uint32 uint16 int4 bfloat16 int2 uint4
"""
TENSOR_TYPES = tuple(_TENSOR_TYPES.split())

# In the order of the schema's enum.
_BUILTIN_OPERATORS = """
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D
LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6
RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL
CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND
SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST
PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN
TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW
ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK
REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR
LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS
WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE
NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM
BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG
REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL
CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL
BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD
UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR
RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM
STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM
STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE STABLEHLO_ABS
STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG
STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER
STABLEHLO_RSQRT STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER
STABLEHLO_COMPARE STABLEHLO_CONVERT STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE
STABLEHLO_PAD STABLEHLO_IOTA STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT
STABLEHLO_WHILE STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE STABLEHLO_RNG_BIT_GENERATOR
REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE
"""
BUILTIN_OPERATORS = tuple(_BUILTIN_OPERATORS.split())
CUSTOM = BUILTIN_OPERATORS.index("CUSTOM")


def builtin_operator(code: int) -> str:
    """The operator's name, or BUILTIN_<code> for one that came later than this list."""
    known = 0 <= code < len(BUILTIN_OPERATORS)
    return BUILTIN_OPERATORS[code] if known else f"BUILTIN_{code}"


class ModelSlot(IntEnum):
    """Fields of the table Model, those that are read."""

    OPERATOR_CODES = 1
    SUBGRAPHS = 2
    BUFFERS = 4


class SubgraphSlot(IntEnum):
    """Fields of the table Subgraph, those that are read."""

    TENSORS = 0
    INPUTS = 1
    OUTPUTS = 2
    OPERATORS = 3


class TensorSlot(IntEnum):
    """Fields of the table Tensor, those that are read."""

    SHAPE = 0
    TYPE = 1
    BUFFER = 2
    NAME = 3
    QUANTIZATION = 4
    IS_VARIABLE = 5
    SPARSITY = 6
    SHAPE_SIGNATURE = 7
    EXTERNAL_BUFFER = 10


class QuantizationSlot(IntEnum):
    """Fields of the table Quantization, those that are read."""

    SCALE = 2
    ZERO_POINT = 3
    DETAILS_TYPE = 4
    QUANTIZED_DIMENSION = 6


class OperatorSlot(IntEnum):
    """Fields of the table Operator, those that are read."""

    OPCODE_INDEX = 0
    INPUTS = 1
    OUTPUTS = 2
    BUILTIN_OPTIONS_TYPE = 3
    OPTIONS = 4


class OperatorCodeSlot(IntEnum):
    """Fields of the table OperatorCode, those that are read."""

    DEPRECATED_BUILTIN_CODE = 0
    CUSTOM_CODE = 1
    BUILTIN_CODE = 3


class BufferSlot(IntEnum):
    """Fields of the table Buffer, those that are read."""

    DATA = 0
    OFFSET = 1
    SIZE = 2


@dataclass(frozen=True)
class Option:
    """One field of an options table.

    `kind` is bool, int8, int32 or float32, or "ints" for a vector of int32. With `names` the
    value is an enum and is told by name.
    """

    name: str
    kind: str = "int32"
    default: Any = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class OptionsTable:
    """An operator's options: the table's number in the schema's union, and its fields by slot."""

    union: int
    fields: tuple[Option, ...]


PADDING = Option("padding", "int8", names=("SAME", "VALID"))
ACTIVATION = Option(
    "fused_activation_function",
    "int8",
    names=("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"),
)
WEIGHTS_FORMAT = Option("weights_format", "int8", names=("DEFAULT", "SHUFFLED4x16INT8"))
BIAS_TYPE = Option(
    "quantized_bias_type", "int8", names=tuple(name.upper() for name in TENSOR_TYPES)
)
STRIDES = (Option("stride_w"), Option("stride_h"))
DILATIONS = (Option("dilation_w_factor", default=1), Option("dilation_h_factor", default=1))
POOL_2D = OptionsTable(
    5, (PADDING, *STRIDES, Option("filter_width"), Option("filter_height"), ACTIVATION)
)

OPTIONS = {
    "CONV_2D": OptionsTable(1, (PADDING, *STRIDES, ACTIVATION, *DILATIONS, BIAS_TYPE)),
    "DEPTHWISE_CONV_2D": OptionsTable(
        2, (PADDING, *STRIDES, Option("depth_multiplier"), ACTIVATION, *DILATIONS)
    ),
    "AVERAGE_POOL_2D": POOL_2D,
    "MAX_POOL_2D": POOL_2D,
    "FULLY_CONNECTED": OptionsTable(
        8,
        (
            ACTIVATION,
            WEIGHTS_FORMAT,
            Option("keep_num_dims", "bool", False),
            Option("asymmetric_quantize_inputs", "bool", False),
            BIAS_TYPE,
        ),
    ),
    "SOFTMAX": OptionsTable(9, (Option("beta", "float32", 0.0),)),
    "ADD": OptionsTable(11, (ACTIVATION, Option("pot_scale_int16", "bool", True))),
    "RESHAPE": OptionsTable(17, (Option("new_shape", "ints", ()),)),
    "PAD": OptionsTable(22, ()),
    "MEAN": OptionsTable(27, (Option("keep_dims", "bool", False),)),
    "QUANTIZE": OptionsTable(89, ()),
}
