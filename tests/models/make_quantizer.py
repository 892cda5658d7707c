"""Makes quantizer/*.tflite: one small network as ai-edge-quantizer writes it.

It cannot share an environment with the tests: its LiteRT is another release. With TensorFlow, then
with ai-edge-quantizer 0.10 in an environment of its own:

    .venv/bin/python tests/models/make_quantizer.py float /tmp/float.tflite
    other/bin/python tests/models/make_quantizer.py quantized /tmp/float.tflite
"""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("quantizer")
SEED = 1
SAMPLES = 8


def make_float(file: Path) -> None:
    """Convolution, depthwise, pointwise, mean, dense; random weights."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(SEED)
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            layers.Input(batch_shape=(1, 16, 16, 3)),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.DepthwiseConv2D(3, padding="same", activation="relu"),
            layers.Conv2D(12, 1, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )
    file.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())


def with_four_bits(recipe: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The recipe with 4-bit weights where the quantizer has them: not in DEPTHWISE_CONV_2D."""
    changed = copy.deepcopy(recipe)
    for operation in ("CONV_2D", "FULLY_CONNECTED"):
        entry = copy.deepcopy(recipe[0])
        entry["operation"] = operation
        entry["op_config"]["weight_tensor_config"]["num_bits"] = 4
        changed.append(entry)
    return changed


def make_quantized(file: Path) -> None:
    """The float model with int8, int16 and 4-bit recipes."""
    from ai_edge_quantizer import quantizer, recipe
    from ai_edge_quantizer.utils import tfl_interpreter_utils

    data = tfl_interpreter_utils.create_random_normal_input_data(str(file), num_samples=SAMPLES)
    recipes = {
        "int8": recipe.static_wi8_ai8(),
        "int16": recipe.static_wi8_ai16(),
        "int4": with_four_bits(recipe.static_wi8_ai8()),
    }
    for name, steps in recipes.items():
        made = quantizer.Quantizer(str(file))
        made.load_quantization_recipe(steps)
        result = made.quantize(made.calibrate(data))
        (FOLDER / f"{name}.tflite").write_bytes(bytes(result.quantized_model))


if __name__ == "__main__":
    {"float": make_float, "quantized": make_quantized}[sys.argv[1]](Path(sys.argv[2]))
