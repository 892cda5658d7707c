"""Models that are well-formed files and make no sense: each is refused by what was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from small_model import changed, finding
from tflite_writer import schema


def tensor(index: int, **fields: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        for name, value in fields.items():
            assert hasattr(model.subgraphs[0].tensors[index], name)
            setattr(model.subgraphs[0].tensors[index], name, value)

    return change


def quantization(index: int, **fields: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        for name, value in fields.items():
            assert hasattr(model.subgraphs[0].tensors[index].quantization, name)
            setattr(model.subgraphs[0].tensors[index].quantization, name, value)

    return change


def node(index: int, **fields: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        for name, value in fields.items():
            assert hasattr(model.subgraphs[0].operators[index], name)
            setattr(model.subgraphs[0].operators[index], name, value)

    return change


def subgraph(**fields: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        for name, value in fields.items():
            assert hasattr(model.subgraphs[0], name)
            setattr(model.subgraphs[0], name, value)

    return change


def copy_of_the_subgraph(model: Any) -> None:
    model.subgraphs = [model.subgraphs[0]] * 3


def unknown_padding(model: Any) -> None:
    model.subgraphs[0].operators[0].builtinOptions.padding = 7


def other_options(model: Any) -> None:
    operator = model.subgraphs[0].operators[0]
    operator.builtinOptionsType = schema().BuiltinOptions.SoftmaxOptions
    operator.builtinOptions = schema().SoftmaxOptionsT()


def no_operator_codes(model: Any) -> None:
    model.operatorCodes = []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (copy_of_the_subgraph, "subgraph 1 of 3: tinyflow reads the first, and those"),
        (no_operator_codes, "node 2 has operator code 2 of 0"),
        (subgraph(inputs=[]), "no inputs"),
        (subgraph(outputs=[]), "no outputs"),
        (subgraph(operators=[]), "no operators"),
        (subgraph(inputs=[99]), "one of the inputs is tensor 99 of 8"),
        (subgraph(outputs=[-1]), "one of the outputs is tensor -1 of 8"),
        (subgraph(inputs=[1]), "input 1 is a constant"),
        (subgraph(inputs=[0, 0]), "input 0 twice"),
        (subgraph(outputs=[0]), "output 0 is written by no operator"),
        (subgraph(inputs=[0, 3]), "node 0 CONV_2D writes tensor 3, which is written before"),
        (node(0, inputs=[0, 1, 99]), "node 0 CONV_2D reads tensor 99 of 8"),
        (node(0, inputs=[0, 1, -2]), "node 0 CONV_2D reads tensor -2 of 8"),
        (node(0, inputs=[7, 1, 2]), "node 0 CONV_2D reads tensor 7, which nothing has written"),
        (node(1, inputs=[5, 4]), "node 1 RESHAPE reads tensor 5, which nothing has written"),
        (node(2, outputs=[5]), "node 2 FULLY_CONNECTED writes tensor 5, which is written before"),
        (node(2, outputs=[6]), "node 2 FULLY_CONNECTED writes tensor 6, which is a constant"),
        (node(2, outputs=[8]), "node 2 FULLY_CONNECTED writes tensor 8 of 8"),
        (node(2, outputs=[-1]), "node 2 FULLY_CONNECTED writes tensor -1 of 8"),
        (node(2, outputs=[]), "node 2 FULLY_CONNECTED writes no tensor"),
        (node(0, opcodeIndex=3), "node 0 has operator code 3 of 3"),
        (unknown_padding, "node 0 CONV_2D has padding 7 of 2"),
        (other_options, "node 0 CONV_2D has options of kind 9, its own are kind 1"),
        (tensor(3, shape=[1, 2, 0, 2]), "has shape (1, 2, 0, 2): every dimension must be"),
        (tensor(3, shape=[1, 2, -1, 2]), "has shape (1, 2, -1, 2): every dimension must be"),
        (tensor(3, shape=[1] * 9), "has 9 dimensions, the limit is 8"),
        (tensor(3, shape=[1 << 30] * 8), "the limit is 268,435,456 B"),
        (tensor(1, shape=[2, 3, 3, 3]), "has 36 B of data, int8 (2, 3, 3, 3) takes 54 B"),
        (tensor(2, type=4), "has 8 B of data, int64 (2,) takes 16 B"),
        (tensor(1, buffer=77), "tensor 1 'filter' has buffer 77 of 5"),
        (tensor(1, externalBuffer=1), "has its data in another file (external_buffer)"),
        (tensor(3, isVariable=True), "CONV_2D writes tensor 3, a variable (is_variable)"),
        (tensor(0, isVariable=True), "one of the inputs is tensor 0, a variable (is_variable)"),
        (tensor(1, isVariable=True), "tensor 1 'filter' is a variable (is_variable) and has data"),
        (quantization(3, scale=[0.0]), "tensor 3 'conv' has scale 0, it must be finite"),
        (quantization(3, scale=[-1.0]), "has scale -1, it must be finite"),
        (quantization(3, scale=[float("nan")]), "has scale nan, it must be finite"),
        (quantization(3, scale=[float("inf")]), "has scale inf, it must be finite"),
        (quantization(3, zeroPoint=[128]), "has zero point 128, the range of int8 is -128 to 127"),
        (quantization(2, zeroPoint=[0, 1 << 40]), "the range of int32 is -2147483648 to"),
        (quantization(3, zeroPoint=[0, 0]), "has 1 scales and 2 zero points"),
        (quantization(1, quantizedDimension=4), "has quantized dimension 4 of 4 dimensions"),
        (quantization(1, quantizedDimension=-1), "has quantized dimension -1 of 4 dimensions"),
        (quantization(1, quantizedDimension=1), "has 2 scales along dimension 1 of shape"),
    ],
)  # fmt: skip
def test_an_unsound_model_is_refused(change: Callable[[Any], None], expected: str) -> None:
    assert expected in finding(changed(change))


def test_all_findings_are_told_at_once() -> None:
    def several(model: Any) -> None:
        tensor(3, shape=[1, 0, 2, 2])(model)
        quantization(7, scale=[0.0])(model)
        node(2, outputs=[99])(model)

    text = finding(changed(several))
    assert "4 findings" in text  # the output is then written by nothing
    for part in ("tensor 3 'conv'", "tensor 7 'scores'", "writes tensor 99"):
        assert part in text
