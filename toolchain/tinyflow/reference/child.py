"""The child process that holds the reference interpreter.

Run as a script with `python -I child.py REQUESTS ANSWERS FOLDER`: two inherited pipe ends and
the folder that holds ai_edge_litert. It imports nothing of tinyflow. The interpreter's own
messages go to standard error, so that they cannot get between the answers.

A message, in both directions, is the length of its JSON head and of its payload (little-endian
u32 and u64), the head, and the payload. A request's head has `command`; an answer's has `error`
when the interpreter refused.
"""

from __future__ import annotations

import json
import os
import resource
import struct
import sys
from typing import Any

import numpy as np

# Where operators have the variables that they change.
STATES = {"SVDF": (4,), "UNIDIRECTIONAL_SEQUENCE_LSTM": (18, 19)}
LENGTHS = struct.Struct("<IQ")
ADDRESS_SPACE_BYTES = 16 << 30


def read_exactly(stream: int, size: int) -> bytes:
    """`size` bytes; ends the process where the parent has gone."""
    parts = []
    while size:
        part = os.read(stream, min(size, 1 << 20))
        if not part:
            sys.exit(0)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def send(stream: int, head: dict[str, Any], payload: bytes = b"") -> None:
    """Write one message."""
    text = json.dumps(head).encode()
    rest = memoryview(LENGTHS.pack(len(text), len(payload)) + text + payload)
    while rest:
        rest = rest[os.write(stream, rest) :]


def details(found: dict[str, Any]) -> dict[str, Any]:
    """The parts of an interpreter's tensor details that fit into JSON."""
    quantization = found["quantization_parameters"]
    return {
        "name": found["name"],
        "shape": [int(size) for size in found["shape"]],
        "dtype": np.dtype(found["dtype"]).name,
        "scales": [float(scale) for scale in quantization["scales"]],
        "zero_points": [int(zero) for zero in quantization["zero_points"]],
    }


class Session:
    """One loaded model and the commands that the parent may send."""

    def __init__(self) -> None:
        self.interpreter: Any = None
        self.model = b""

    def load(self, head: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self.interpreter = None
        self.model = payload
        interpreter = Interpreter(
            model_content=payload,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
            num_threads=1,
        )
        interpreter.allocate_tensors()
        self.interpreter = interpreter
        return {
            "inputs": [details(found) for found in interpreter.get_input_details()],
            "outputs": [details(found) for found in interpreter.get_output_details()],
        }, b""

    def reset(self, head: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
        """Variable tensors can be reset; resources are set by what runs once in an interpreter."""
        if any(node["op_name"] == "VAR_HANDLE" for node in self.interpreter._get_ops_details()):
            self.load(head, self.model)
        else:
            self.interpreter.reset_all_variables()
        return {}, b""

    def invoke(self, head: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
        rows = np.frombuffer(payload, np.int8).reshape(head["rows"], -1)
        outputs = []
        for row in rows:
            self._run(row)
            for found in self.interpreter.get_output_details():
                outputs.append(self.interpreter.get_tensor(found["index"]).tobytes())
        return {}, b"".join(outputs)

    def tensors(self, head: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
        self._run(np.frombuffer(payload, np.int8))
        arrays = []
        found = []
        for node in self.interpreter._get_ops_details():
            states = [node["inputs"][place] for place in STATES.get(node["op_name"], ())]
            for tensor in (*node["outputs"], *states):
                if tensor >= 0:
                    array = self.interpreter.get_tensor(tensor)
                    if array.dtype.kind == "O":  # a handle, or text
                        continue
                    arrays.append(array)
                    shape = list(array.shape)
                    found.append({"tensor": int(tensor), "dtype": array.dtype.name, "shape": shape})
        return {"arrays": found}, b"".join(a.tobytes() for a in arrays)

    def _run(self, row: Any) -> None:
        start = 0
        for found in self.interpreter.get_input_details():
            dtype = np.dtype(found["dtype"])
            size = int(np.prod(found["shape"], dtype=np.int64)) * dtype.itemsize
            values = row[start : start + size].view(dtype).reshape(found["shape"])
            self.interpreter.set_tensor(found["index"], values)
            start += size
        self.interpreter.invoke()


def main() -> None:
    """Answer requests until the parent closes its end."""
    requests, answers, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    sys.path.insert(0, folder)
    import ai_edge_litert.interpreter  # noqa: F401

    session = Session()
    commands = {
        "load": session.load,
        "reset": session.reset,
        "invoke": session.invoke,
        "tensors": session.tensors,
    }
    send(answers, {"ready": True})
    while True:
        head_size, payload_size = LENGTHS.unpack(read_exactly(requests, LENGTHS.size))
        head = json.loads(read_exactly(requests, head_size))
        payload = read_exactly(requests, payload_size)
        try:
            answer = commands[head["command"]](head, payload)
        except (RuntimeError, ValueError, MemoryError, TypeError) as error:
            answer = {"error": str(error) or type(error).__name__}, b""
        send(answers, *answer)


if __name__ == "__main__":
    main()
