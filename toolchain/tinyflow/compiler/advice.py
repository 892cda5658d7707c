"""What to change in a model that cannot be compiled."""

from __future__ import annotations

from tinyflow.compiler.graph import ABSENT, Graph, Node
from tinyflow.compiler.ops import OPS

QUANTIZE = (
    "quantise the model to int8: a representative dataset, and int8 kernels only "
    "(TFLITE_BUILTINS_INT8)"
)
UNSIGNED = (
    "convert again with inference_input_type and inference_output_type tf.int8, or with a newer "
    "converter where uint8 is inside too"
)
INSTEAD = {
    "BIDIRECTIONAL_SEQUENCE_LSTM": "use two UNIDIRECTIONAL_SEQUENCE_LSTM and CONCATENATION",
    "CALL": "inline the function when converting",
    "CEIL": "end the model before it",
    "CONV_3D": "use CONV_2D on each frame, or frames as channels",
    "COS": "compute it before the model",
    "DIV": "use MUL with the reciprocal",
    "EXP": "end the model before it, or use SOFTMAX or LOGISTIC",
    "FLOOR": "end the model before it",
    "GELU": "use RELU, HARD_SWISH or ELU",
    "GATHER_ND": "use GATHER or STRIDED_SLICE with constant indices",
    "IF": "convert one branch",
    "L2_NORMALIZATION": "normalise after the model",
    "LOG": "end the model before it",
    "LOG_SOFTMAX": "use SOFTMAX and take the logarithm after the model",
    "LSTM": "use UNIDIRECTIONAL_SEQUENCE_LSTM (a Keras LSTM layer converts to it)",
    "NON_MAX_SUPPRESSION_V4": "end the model before it and select boxes in the application",
    "NON_MAX_SUPPRESSION_V5": "end the model before it and select boxes in the application",
    "POW": "use MUL for squares",
    "RNN": "use UNIDIRECTIONAL_SEQUENCE_LSTM",
    "SIN": "compute it before the model",
    "SQUARE": "use MUL of the tensor with itself",
    "TOPK_V2": "end the model before it and pick in the application",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "use UNIDIRECTIONAL_SEQUENCE_LSTM",
    "WHILE": "unroll the loop when converting (unroll=True in Keras)",
}
UNKNOWN = "leave it out of the model, or compute it from supported operators (docs/operators.md)"


def advice(graph: Graph, node: Node, finding: str) -> str:
    """What to do about a finding of `node`, in one sentence."""
    kinds = {graph.tensors[i].dtype for i in (*node.inputs, *node.outputs) if i != ABSENT}
    if node.op not in OPS:
        if node.op.startswith("CUSTOM:"):
            return "convert without custom operators (allow_custom_ops=False tells where they are)"
        return INSTEAD.get(node.op, UNKNOWN)
    if kinds & {"float32", "float16", "float64", "bfloat16"} and "QUANTIZE" not in node.op:
        return QUANTIZE
    if "uint8" in kinds:
        return UNSIGNED
    if "is computed" in finding or "computed" in finding.partition("(found")[0]:
        return "make it a constant of the model"
    if "accumulator" in finding:
        return "train with smaller weights (weight decay, or a clip), or fewer inputs to this layer"
    if "scale" in finding or "zero point" in finding:
        return "convert again with a representative dataset that covers the model's real inputs"
    if "dimension" in finding or "shape" in finding:
        return "fix the shapes before converting: batch_shape=(1, ...) in Keras"
    return "change the layer so that the rule holds"
