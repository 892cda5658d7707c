"""The generated C as an embedded engineer reads it, and what must hold of it."""

import dataclasses
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from network import Network
from tflite_writer import write_tflite

from tinyflow.artifacts import CompiledModel
from tinyflow.compiler import compile_model, symbol_name
from tinyflow.compiler.emit import comment_text, float_text
from tinyflow.errors import ProjectError

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"
WARNINGS = (
    "-std=c99 -O2 -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wcast-qual "
    "-Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wdouble-promotion -Wvla"
)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> CompiledModel:
    folder = tmp_path_factory.mktemp("compiled")
    return compile_model(DIGITS, folder=folder, name="digits", board="qemu-m4")


@pytest.mark.parametrize("name", ["include/digits.h", "src/digits.c", "src/digits_weights.h"])
def test_golden(digits: CompiledModel, golden: Callable[[str, str], None], name: str) -> None:
    golden(f"compiler/{Path(name).name}", (digits.path / name).read_text())


def test_the_same_model_gives_the_same_bytes(digits: CompiledModel, tmp_path: Path) -> None:
    again = compile_model(DIGITS, folder=tmp_path / "x", name="digits", board="qemu-m4")
    for first, second in zip(
        (*digits.sources, *digits.headers), (*again.sources, *again.headers), strict=True
    ):
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    "command",
    [
        ["cc"],
        ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb"],
        ["arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb"],
    ],
)
def test_compiles_without_a_warning(
    digits: CompiledModel, tmp_path: Path, command: list[str]
) -> None:
    for source in digits.sources:
        include, output = f"-I{digits.path / 'include'}", str(tmp_path / "out.o")
        subprocess.run(
            [*command, *WARNINGS.split(), include, "-c", str(source), "-o", output], check=True
        )


def test_two_models_share_one_program(tmp_path: Path) -> None:
    models = [compile_model(DIGITS, folder=tmp_path / name, name=name) for name in ("one", "two")]
    main = tmp_path / "main.c"
    main.write_text(
        '#include "one.h"\n#include "two.h"\n'
        "static TNF_ARENA(a, ONE_ARENA_BYTES);\nstatic TNF_ARENA(b, TWO_ARENA_BYTES);\n"
        "int main(void) { one_invoke(a, NULL); two_invoke(b, NULL);\n"
        "  for (int i = 0; i < ONE_OUTPUT_BYTES; i++)\n"
        "    if (one_output(a)[i] != two_output(b)[i]) return 1;\n"
        "  return one_model.layers == two_model.layers ? 0 : 2; }\n"
    )
    includes = [f"-I{model.path / 'include'}" for model in models]
    own = [source for model in models for source in model.sources if model.name in source.name]
    kernels = [source for source in models[0].sources if "one" not in source.name]
    program = tmp_path / "program"
    sources = [str(source) for source in (main, *own, *kernels)]
    subprocess.run(["cc", "-std=c99", *includes, *sources, "-o", str(program)], check=True)
    assert subprocess.run([str(program)], check=False).returncode == 0


def test_several_inputs_are_told_apart_by_their_names(tmp_path: Path) -> None:
    net = Network((1, 4))
    net.tensors.append(dataclasses.replace(net.tensors[0], name="other"))
    net.node("SUB", (0, 1), (1, 4), fused_activation_function="NONE")
    file = tmp_path / "pair.tflite"
    file.write_bytes(write_tflite(net.graph().replace(inputs=(0, 1))))
    compiled = compile_model(file, folder=tmp_path / "c", board="qemu-m4")
    header = (compiled.path / "include/pair.h").read_text()
    assert "/** Input input: int8 [1, 4]" in header
    assert "/** Input other: int8 [1, 4]" in header
    assert "/** Output: int8 [1, 4]" in header


def test_headers_are_cplusplus_too(digits: CompiledModel, tmp_path: Path) -> None:
    source = tmp_path / "main.cc"
    source.write_text(
        '#include "digits.h"\nstatic TNF_ARENA(arena, DIGITS_ARENA_BYTES);\n'
        "const int8_t *run() { digits_invoke(arena, nullptr); return digits_output(arena); }\n"
    )
    include = f"-I{digits.path / 'include'}"
    command = ["arm-none-eabi-g++", "-std=c++14", "-Wall", "-Wextra", "-Werror", include]
    subprocess.run([*command, "-fsyntax-only", str(source)], check=True)


def test_another_abi_is_refused_with_the_command_to_run(
    digits: CompiledModel, tmp_path: Path
) -> None:
    for header in digits.headers:
        text = re.sub(r"#define TNF_ABI \d+", "#define TNF_ABI 999", header.read_text())
        (tmp_path / header.name).write_text(text)
    (tmp_path / "main.c").write_text('#include "digits.h"\n')
    done = subprocess.run(
        ["cc", "-c", str(tmp_path / "main.c"), "-o", str(tmp_path / "main.o")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "renew it: tinyflow compile digits.tflite --name digits --board qemu-m4" in done.stderr


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1.0f"), (0.00390625, "0.00390625f"), (1e-10, "1e-10f"), (0.1, "0.1f")],
)
def test_floats_are_printed_shortest(value: float, text: str) -> None:
    assert float_text(value) == text


@pytest.mark.parametrize(
    "name", ["a*/b", "/*", "new\nline", "tail\\", "??/", "x" * 500, "é\x00", "model/a/b/c/d;e"]
)
def test_hostile_names_stay_inside_their_comment(name: str, tmp_path: Path) -> None:
    source = tmp_path / "x.c"
    source.write_text(f"/* {comment_text(name)} */ int x; // {comment_text(name)}\nint y;\n")
    listed = subprocess.run(
        ["cc", "-E", "-P", "-trigraphs", str(source)], capture_output=True, text=True, check=True
    )
    assert "".join(listed.stdout.split()) == "intx;inty;"
    assert len(comment_text(name)) <= 48


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("kws_ref.tflite", "kws_ref"),
        ("My Model-2.tflite", "my_model_2"),
        ("9lives.tflite", "model_9lives"),
        ("___.tflite", "model"),
        ("stdint.tflite", "model_stdint"),
        ("tnf_model.tflite", "model_tnf_model"),
    ],
)
def test_symbol_names(file: str, name: str) -> None:
    assert symbol_name(Path(file)) == name


@pytest.mark.parametrize(
    "name", ["9lives", "a b", "x;y", "", "tnf_x", "string", "m", "test", "a" * 80, "ä"]
)
def test_names_that_c_cannot_take_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be the name of a model in C"):
        compile_model(DIGITS, folder=tmp_path / "x", name=name)
