"""The parent's side of the reference interpreter."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from tinyflow import process
from tinyflow.artifacts import TensorSpec
from tinyflow.artifacts.model import QUANTIZED
from tinyflow.errors import LOG_TAIL_LINES, ModelError, ToolError
from tinyflow.reference.child import LENGTHS
from tinyflow.reference.install import INSTALL_HINT, reference_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tinyflow.artifacts import Bytes, Floats

START_SECONDS = 60.0
CALL_SECONDS = 120.0
ROWS_AT_ONCE = 16
MAX_ANSWER_BYTES = 1 << 31


class ReferenceInterpreter:
    """A model in the reference interpreter, asked through a child process.

    Use it as a context manager. The child is started by the first `load` and again by the next
    one after it died. `seconds` limits every request (for `invoke`: every 16 rows).
    """

    where = "int8"

    def __init__(
        self,
        model: Path | bytes | None = None,
        *,
        input: TensorSpec | None = None,
        output: TensorSpec | None = None,
        seconds: float = CALL_SECONDS,
        folder: Path | None = None,
    ) -> None:
        self.inputs: tuple[dict[str, Any], ...] = ()
        self.outputs: tuple[dict[str, Any], ...] = ()
        self._model = model
        self._given = (input, output)
        self._seconds = seconds
        self._folder = folder
        self._child: process.Child | None = None
        self._log: IO[bytes] | None = None
        self._requests = self._answers = -1
        self._name = "the model"

    def __enter__(self) -> ReferenceInterpreter:
        if self._model is not None:
            self.load(self._model)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id, or None when there is none."""
        return None if self._child is None else self._child.pid

    @property
    def input(self) -> TensorSpec:
        """The first input: as given to the constructor, else as the model says."""
        return self._given[0] or _spec(self.inputs[0])

    @property
    def output(self) -> TensorSpec:
        """The first output: as given to the constructor, else as the model says."""
        return self._given[1] or _spec(self.outputs[0])

    @property
    def input_bytes(self) -> int:
        """Bytes of all inputs of one inference, in the model's order."""
        return sum(_size_bytes(tensor) for tensor in self.inputs)

    @property
    def output_bytes(self) -> int:
        """Bytes of all outputs of one inference, in the model's order."""
        return sum(_size_bytes(tensor) for tensor in self.outputs)

    def load(self, model: Path | bytes) -> None:
        """Load a .tflite, in place of the one before.

        Raises ModelError when the interpreter refuses it, dies of it or does not end, and
        ToolError when the reference interpreter is not installed or does not start.
        """
        self._name = model.name if isinstance(model, Path) else "the model"
        content = model.read_bytes() if isinstance(model, Path) else model
        self.inputs = self.outputs = ()
        if self._child is None:
            self._start()
        head, _ = self._ask({"command": "load"}, content)
        self.inputs, self.outputs = tuple(head["inputs"]), tuple(head["outputs"])

    def reset(self) -> None:
        """Set what the model keeps between inferences to its first values."""
        self._ask({"command": "reset"}, b"")

    def invoke(self, inputs: Bytes) -> Bytes:
        """Output bytes int8 [N, output_bytes] for input bytes int8 [N, input_bytes].

        What the model keeps between inferences goes on from row to row, and from call to call.
        Tensors of other types than int8 are passed as their little-endian bytes.
        """
        rows = self._rows(inputs)
        found = np.empty((len(rows), self.output_bytes), np.int8)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            _, payload = self._ask({"command": "invoke", "rows": len(part)}, part.tobytes())
            found[start : start + len(part)] = np.frombuffer(payload, np.int8).reshape(
                len(part), -1
            )
        return found

    def tensors(self, inputs: Bytes) -> dict[int, NDArray[Any]]:
        """Every tensor written by a node, and every variable it changed, by its index in the file,
        for the one input int8 [input_bytes].
        """
        (row,) = self._rows(inputs[np.newaxis])
        head, payload = self._ask({"command": "tensors"}, row.tobytes())
        arrays: dict[int, NDArray[Any]] = {}
        start = 0
        for entry in head["arrays"]:
            dtype = np.dtype(entry["dtype"])
            count = int(np.prod(entry["shape"], dtype=np.int64))
            values = np.frombuffer(payload, dtype, count, start).reshape(entry["shape"])
            arrays[int(entry["tensor"])] = values
            start += values.nbytes
        return arrays

    def predict(self, features: Floats) -> Floats:
        """Scores float32 [N, classes] for features float32 [N, *input_shape]."""
        return self.output.decode(self.invoke(self.input.encode(features)))

    def close(self) -> None:
        """End the child. The next `load` starts another."""
        child, self._child = self._child, None
        for end in (self._requests, self._answers):
            if end >= 0:
                os.close(end)
        self._requests = self._answers = -1
        if child is not None:
            process.stop(child, grace_seconds=1.0)
        if self._log is not None:
            self._log.close()
            self._log = None

    def _rows(self, inputs: Bytes) -> Bytes:
        if not self.inputs:
            raise ValueError("no model is loaded")
        if inputs.dtype != np.int8 or inputs.ndim != 2 or inputs.shape[1] != self.input_bytes:
            raise ValueError(
                f"inputs are {inputs.dtype} {inputs.shape}, expected int8 (N, {self.input_bytes})"
            )
        return inputs

    def _start(self) -> None:
        folder = self._folder or reference_folder()
        theirs_in, self._requests = os.pipe()
        self._answers, theirs_out = os.pipe()
        os.set_blocking(self._requests, False)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        script = Path(__file__).with_name("child.py")
        try:
            self._child = process.start(
                [
                    *(sys.executable, "-I", str(script)),
                    *(str(theirs_in), str(theirs_out), str(folder)),
                ],
                env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                stdout=self._log,
                stderr=self._log,
                pass_fds=(theirs_in, theirs_out),
            )
        except BaseException:
            self.close()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        try:
            self._receive(time.monotonic() + START_SECONDS)
        except (EOFError, TimeoutError):
            tail = self._tail()
            self.close()
            raise ToolError(
                "the reference interpreter does not start",
                [f"folder: {folder}", *(f"| {line}" for line in tail)],
                [f"rm -r {folder}", INSTALL_HINT],
            ) from None
        except BaseException:
            self.close()
            raise

    def _ask(self, head: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
        if self._child is None:
            raise ValueError("no model is loaded")
        limit = time.monotonic() + self._seconds
        try:
            self._send(head, payload, limit)
            answer, rest = self._receive(limit)
        except TimeoutError:
            self.close()
            raise ModelError(
                f"{self._name} does not end in the reference interpreter",
                [f"stopped after {self._seconds:g} s in {head['command']}"],
            ) from None
        except (EOFError, BrokenPipeError):
            raise self._death(head["command"]) from None
        except BaseException:
            # Interrupted between question and answer: the next answer would be the wrong one.
            self.close()
            raise
        if "error" in answer:
            lines = str(answer["error"]).splitlines()
            raise ModelError(f"the reference interpreter refuses {self._name}", lines)
        return answer, rest

    def _death(self, command: str) -> ModelError:
        assert self._child is not None
        with contextlib.suppress(TimeoutError):
            _wait(self._child)
        status, tail = self._child.poll(), self._tail()
        self.close()
        if status is not None and status < 0:
            ended = f"with {signal.Signals(-status).name}"
        else:
            ended = f"with exit status {status}"
        return ModelError(
            f"the reference interpreter died of {self._name} {ended}",
            [f"it was asked to {command} it", *(f"| {line}" for line in tail)],
        )

    def _tail(self) -> Sequence[str]:
        if self._log is None:
            return ()
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace").splitlines()[-LOG_TAIL_LINES:]

    def _send(self, head: dict[str, Any], payload: bytes, limit: float) -> None:
        text = json.dumps(head).encode()
        rest = memoryview(LENGTHS.pack(len(text), len(payload)) + text + payload)
        while rest:
            _, ready, _ = select.select([], [self._requests], [], max(0, limit - time.monotonic()))
            if not ready:
                raise TimeoutError
            rest = rest[os.write(self._requests, rest) :]

    def _receive(self, limit: float) -> tuple[dict[str, Any], bytes]:
        head_size, payload_size = LENGTHS.unpack(self._read(LENGTHS.size, limit))
        if head_size + payload_size > MAX_ANSWER_BYTES:
            raise EOFError
        head = json.loads(self._read(head_size, limit))
        return head, self._read(payload_size, limit)

    def _read(self, size: int, limit: float) -> bytes:
        content = bytearray()
        while len(content) < size:
            ready, _, _ = select.select([self._answers], [], [], max(0, limit - time.monotonic()))
            if not ready:
                raise TimeoutError
            part = os.read(self._answers, min(size - len(content), 1 << 20))
            if not part:
                raise EOFError
            content += part
        return bytes(content)


def _wait(child: process.Child) -> None:
    limit = time.monotonic() + 5.0
    while child.poll() is None:
        if time.monotonic() > limit:
            raise TimeoutError
        time.sleep(0.005)


def _size_bytes(tensor: dict[str, Any]) -> int:
    elements = int(np.prod(tensor["shape"], dtype=np.int64))
    return elements * int(np.dtype(tensor["dtype"]).itemsize)


def _spec(tensor: dict[str, Any]) -> TensorSpec:
    shape, dtype = tuple(tensor["shape"]), str(tensor["dtype"])
    if dtype not in QUANTIZED:
        return TensorSpec(tensor["name"], shape, 0.0, 0, dtype)
    if len(tensor["scales"]) != 1:
        raise ModelError(
            f"tensor {tensor['name']} is {dtype} with {len(tensor['scales'])} scales",
            ["one scale is needed to convert features and scores"],
        )
    return TensorSpec(tensor["name"], shape, tensor["scales"][0], tensor["zero_points"][0], dtype)
