"""The .tflite reader: what it reads equals the schema's own reading, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_model import UNIT, changed, finding, small
from tflite_writer import _buffer, schema, unpack, write_subgraphs, write_tflite

from tinyflow.compiler.graph import ABSENT, Graph, Node, Tensor
from tinyflow.compiler.tflite_options import OPTIONS
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.compiler.tflite_schema import BUILTIN_OPERATORS, TENSOR_TYPES
from tinyflow.errors import ModelError, ProjectError

SHARED = Path(__file__).parents[3] / "shared" / "models" / "mlperf_tiny"
SHARED_MODELS = sorted(SHARED.glob("*.tflite"))


def assert_same(found: Graph, expected: Graph) -> None:
    assert (found.inputs, found.outputs) == (expected.inputs, expected.outputs)
    assert found.nodes == expected.nodes
    assert len(found.tensors) == len(expected.tensors)
    for one, other in zip(found.tensors, expected.tensors, strict=True):
        assert (one.name, one.shape, one.dtype) == (other.name, other.shape, other.dtype)
        assert one.quantization == other.quantization, one.name
        assert (one.data is None) == (other.data is None), one.name
        if one.data is not None and other.data is not None:
            assert one.data.dtype == other.data.dtype
            np.testing.assert_array_equal(one.data, other.data)


def test_a_written_graph_reads_back() -> None:
    graph = read_tflite(write_tflite(small()))
    assert [tensor.name for tensor in graph.tensors] == [t.name for t in small().tensors]
    assert graph.nodes[0].options == {
        "padding": "SAME",
        "stride_w": 2,
        "stride_h": 2,
        "fused_activation_function": "NONE",
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
        "quantized_bias_type": "FLOAT32",
    }
    assert graph.nodes[1].options == {"new_shape": (1, -1)}
    assert graph.nodes[2].inputs == (5, 6, ABSENT) and graph.input(graph.nodes[2], 2) is None
    assert graph.nodes[2].options["keep_num_dims"] is True
    scale = graph.tensors[1].quantization
    assert scale is not None and scale.scales == (float(np.float32(0.1)), float(np.float32(0.2)))
    assert_same(read_tflite(write_tflite(graph)), graph)


def test_constants_cannot_be_written_to() -> None:
    data = read_tflite(write_tflite(small())).tensors[1].data
    assert data is not None
    with pytest.raises(ValueError, match="read-only"):
        data[0] = 1


@pytest.mark.skipif(not SHARED_MODELS, reason="the MLPerf Tiny models are not beside the checkout")
@pytest.mark.parametrize("path", SHARED_MODELS, ids=lambda path: path.stem)
def test_a_real_model_reads_as_the_schema_reads_it(path: Path) -> None:
    graph = read_tflite(path)
    model = unpack(path.read_bytes())
    (subgraph,) = model.subgraphs
    assert graph.inputs == tuple(subgraph.inputs) and graph.outputs == tuple(subgraph.outputs)
    operators = {code: name for name, code in numbers(schema().BuiltinOperator).items()}
    types = {code: name.lower() for name, code in numbers(schema().TensorType).items()}
    for node, expected in zip(graph.nodes, subgraph.operators, strict=True):
        code = model.operatorCodes[expected.opcodeIndex]
        assert node.op == operators[max(code.builtinCode, code.deprecatedBuiltinCode)]
        assert node.inputs == tuple(expected.inputs) and node.outputs == tuple(expected.outputs)
        for name, value in node.options.items():
            theirs = getattr(expected.builtinOptions, camel(name), None)
            if isinstance(value, str):
                enum = {
                    "padding": "Padding",
                    "weights_format": "FullyConnectedOptionsWeightsFormat",
                }
                kind = enum.get(name, "ActivationFunctionType")
                kind = "TensorType" if name == "quantized_bias_type" else kind
                value = getattr(getattr(schema(), kind), value)
            if isinstance(value, tuple):
                theirs = () if theirs is None else tuple(theirs)
            assert value == theirs, (node.op, name)
    for tensor, expected in zip(graph.tensors, subgraph.tensors, strict=True):
        assert tensor.name == expected.name.decode()
        assert tensor.shape == (() if expected.shape is None else tuple(expected.shape))
        assert tensor.dtype == types[expected.type]
        theirs = model.buffers[expected.buffer].data
        assert (tensor.data is None) == (theirs is None or len(theirs) == 0)
        if tensor.data is not None:
            assert tensor.data.tobytes() == bytes(theirs)
        if tensor.quantization is not None:
            assert list(tensor.quantization.scales) == list(expected.quantization.scale)
            assert list(tensor.quantization.zero_points) == list(expected.quantization.zeroPoint)
            assert tensor.quantization.axis == expected.quantization.quantizedDimension
        else:
            assert expected.quantization is None or expected.quantization.scale is None
    assert_same(read_tflite(write_tflite(graph)), graph)


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def numbers(enumeration: type) -> dict[str, int]:
    """The names of a class that stands for an enumeration."""
    return {k: v for k, v in vars(enumeration).items() if isinstance(v, int) and k[0] != "_"}


def test_the_names_and_numbers_are_the_schemas() -> None:
    operators = numbers(schema().BuiltinOperator)
    assert {name: code for code, name in enumerate(BUILTIN_OPERATORS)} == operators
    types = {name.lower(): number for name, number in numbers(schema().TensorType).items()}
    assert {name: code for code, name in enumerate(TENSOR_TYPES)} == types


GONE = {("RESIZE_BILINEAR", "new_height"), ("RESIZE_BILINEAR", "new_width")}
"""Fields that the schema keeps a place for, and writes no more."""


@pytest.mark.parametrize("op", sorted(OPTIONS))
def test_every_option_is_read_from_its_place(op: str) -> None:
    """Each field in turn is written with a value that is not its default."""
    for field in OPTIONS[op].fields:
        if (op, field.name) in GONE:
            continue
        others: dict[str, Any] = {"float32": 1.5, "ints": (2, -1), "text": "other"}
        other = not field.default if field.kind == "bool" else others.get(field.kind, 3)
        if field.names:
            other = field.names[1]
        node = Node(op, (0,), (1,), {field.name: other})
        graph = Graph(
            (Tensor("in", (1,), "int8", UNIT), Tensor("out", (1,), "int8", UNIT)),
            (node,), (0,), (1,),
        )  # fmt: skip
        if op == "CALL_ONCE":  # of which nothing is left
            assert "calls subgraph 3 of 1" in finding(write_tflite(graph))
            continue
        (found,) = read_tflite(write_subgraphs([graph])).nodes
        expected = {
            f.name: f.names[f.default] if f.names else f.default for f in OPTIONS[op].fields
        }
        if op == "RESHAPE":
            expected["new_shape"] = ()
        assert found.options == {**expected, field.name: other}


def test_operators_that_nobody_knows_keep_their_names() -> None:
    for op in ("CUSTOM:MyOperator", "BUILTIN_250", "STABLEHLO_CBRT", "LSTM"):
        graph = small()
        nodes = (*graph.nodes[:2], Node(op, (5,), (7,), {}, 2))
        assert read_tflite(write_tflite(graph.replace(nodes=nodes))).nodes[2].op == op


def test_an_old_files_operator_code_is_read() -> None:
    def age(model: Any) -> None:
        for code in model.operatorCodes:
            code.builtinCode, code.version = 0, 9

    assert [node.op for node in read_tflite(changed(age)).nodes] == [n.op for n in small().nodes]


def test_unused_operator_codes_and_metadata_are_accepted() -> None:
    def add(model: Any) -> None:
        code = schema().OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = 99
        model.operatorCodes.append(code)
        entry = schema().MetadataT()
        entry.name, entry.buffer = "min_runtime_version", 1
        model.metadata = [entry]

    assert len(read_tflite(changed(add)).nodes) == 3


def test_an_open_batch_is_one_and_another_open_dimension_is_refused() -> None:
    def open_batch(model: Any) -> None:
        model.subgraphs[0].tensors[0].shapeSignature = [-1, 4, 4, 2]

    def open_height(model: Any) -> None:
        model.subgraphs[0].tensors[0].shapeSignature = [-1, -1, 4, 2]

    assert read_tflite(changed(open_batch)).tensors[0].shape == (1, 4, 4, 2)
    assert "only the first dimension may be left open" in finding(changed(open_height))


def test_data_behind_the_flatbuffer_is_read() -> None:
    expected = small().tensors[1].data
    assert expected is not None
    at = len(changed(lambda model: None)) + 4096

    def move(model: Any) -> None:
        buffer = model.buffers[model.subgraphs[0].tensors[1].buffer]
        buffer.data, buffer.offset, buffer.size = None, at, expected.nbytes

    head = changed(move)
    whole = head + bytes(at - len(head)) + expected.tobytes()
    np.testing.assert_array_equal(read_tflite(whole).tensors[1].data, expected)
    assert "lies outside" in finding(whole[:-1])


def test_data_at_an_odd_place_is_read() -> None:
    """int32 data behind the flatbuffer at a place that is not a multiple of 4."""
    at = len(changed(lambda model: None)) + 4097

    def move(model: Any) -> None:
        buffer = model.buffers[model.subgraphs[0].tensors[2].buffer]
        buffer.data, buffer.offset, buffer.size = None, at, 8

    head = changed(move)
    whole = head + bytes(at - len(head)) + np.int32([5, -6]).tobytes()
    bias = read_tflite(whole).tensors[2].data
    assert bias is not None and bias.flags.aligned and bias.tolist() == [5, -6]


def test_types_that_are_not_plain_keep_a_name_that_says_so() -> None:
    def sparse(model: Any) -> None:
        model.subgraphs[0].tensors[1].sparsity = schema().SparsityParametersT()
        model.buffers[model.subgraphs[0].tensors[1].buffer] = _buffer(b"\1\2\3")

    def text(model: Any) -> None:
        model.subgraphs[0].tensors[1].type = schema().TensorType.STRING
        model.subgraphs[0].tensors[1].quantization = None

    def custom(model: Any) -> None:
        quantization = model.subgraphs[0].tensors[1].quantization
        quantization.detailsType = schema().QuantizationDetails.CustomQuantization
        quantization.details = schema().CustomQuantizationT()

    tensor = read_tflite(changed(sparse)).tensors[1]
    assert tensor.dtype == "int8 (sparse)" and tensor.size_bytes == 0
    assert tensor.data is not None and tensor.data.tolist() == [1, 2, 3]
    assert read_tflite(changed(text)).tensors[1].dtype == "string"
    assert read_tflite(changed(custom)).tensors[1].dtype == "int8 (custom quantization)"


def test_another_kind_of_file_is_told_by_what_was_found() -> None:
    assert "bytes 4 to 7 are b'\\x14\\x00\\x00\\x00'" in finding(b"PK\x03\x04" + b"\x14\0\0\0" * 9)
    assert "it has 0 B" in finding(b"")


def test_names_are_safe_to_print() -> None:
    graph = small()
    tensors = (Tensor("a\x1b[2J\n*/", *_rest(graph.tensors[0])), *graph.tensors[1:])
    assert read_tflite(write_tflite(graph.replace(tensors=tensors))).tensors[0].name == "a�[2J�*/"


def _rest(tensor: Tensor) -> tuple[Any, ...]:
    return (tensor.shape, tensor.dtype, tensor.quantization, tensor.data)


def test_a_file_is_named_in_its_error(tmp_path: Path) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(write_tflite(small())[:200])
    with pytest.raises(ModelError, match=r"^broken\.tflite is damaged or cut short"):
        read_tflite(path)
    with pytest.raises(ProjectError, match="cannot be read: No such file"):
        read_tflite(tmp_path / "missing.tflite")
