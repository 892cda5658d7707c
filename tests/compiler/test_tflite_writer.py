"""The test models' own writer: what it writes is what the schema's classes read."""

from __future__ import annotations

import numpy as np
import pytest
from tflite_writer import schema, unpack, write_tflite

from tinyflow.compiler.graph import Graph, Node, Quantization, Tensor


def convolution() -> Graph:
    weights = np.arange(-27, 27, dtype=np.int8).reshape(2, 3, 3, 3)
    return Graph(
        tensors=(
            Tensor("in", (1, 8, 8, 3), "int8", Quantization((0.5,), (-128,))),
            Tensor("w", (2, 3, 3, 3), "int8", Quantization((0.1, 0.2), (0, 0), axis=0), weights),
            Tensor("out", (1, 4, 4, 2), "int8", Quantization((0.25,), (3,))),
        ),
        nodes=(
            Node(
                "CONV_2D",
                (0, 1, -1),
                (2,),
                {"padding": "SAME", "stride_w": 2, "stride_h": 2,
                 "fused_activation_function": "RELU6"},
            ),
        ),
        inputs=(0,),
        outputs=(2,),
    )  # fmt: skip


def test_a_written_model_reads_back_by_the_schema() -> None:
    model = unpack(write_tflite(convolution()))
    (subgraph,) = model.subgraphs
    (operator,) = subgraph.operators
    assert model.operatorCodes[0].builtinCode == schema().BuiltinOperator.CONV_2D
    assert list(operator.inputs) == [0, 1, -1] and list(operator.outputs) == [2]
    assert operator.builtinOptions.padding == schema().Padding.SAME
    assert operator.builtinOptions.strideW == 2 and operator.builtinOptions.dilationWFactor == 1
    relu6 = schema().ActivationFunctionType.RELU6
    assert operator.builtinOptions.fusedActivationFunction == relu6
    weights = subgraph.tensors[1]
    assert weights.name == b"w" and list(weights.shape) == [2, 3, 3, 3]
    np.testing.assert_array_equal(weights.quantization.scale, np.float32([0.1, 0.2]))
    assert bytes(model.buffers[weights.buffer].data) == convolution().tensors[1].data.tobytes()
    assert subgraph.tensors[0].buffer == 0 and model.buffers[0].data is None


def test_constants_are_aligned_as_the_runtime_wants_them() -> None:
    content = write_tflite(convolution())
    assert content.index(convolution().tensors[1].data.tobytes()) % 16 == 0


def test_an_option_the_schema_does_not_know_is_an_error() -> None:
    graph = convolution()
    node = Node("CONV_2D", (0, 1, -1), (2,), {"stride": 2})
    with pytest.raises(AssertionError, match="no option stride"):
        write_tflite(graph.replace(nodes=(node,)))
