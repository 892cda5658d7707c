"""Runs a function of tinyflow in a child process, for what must not share this one.

TensorFlow takes seconds to import, keeps its memory, writes to stderr as it likes and can die by a
signal; a project's own Python does what it wants. A job goes in and its result comes out as JSON,
progress in between. The child ends with its job, with an interrupt here, and, because its stdin
ends then, with this process.
"""

from __future__ import annotations

import importlib
import json
import os
import selectors
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from typing import IO, Any

from tinyflow import errors, paths, process, progress
from tinyflow.errors import TinyflowError, ToolError

ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # oneDNN sums in another order on each number of cores; without it the same seed gives the
    # same weights on more machines, and small models train no slower. On a GPU it would not.
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "-1",
    # The current folder may hold a `random.py` of the user's.
    "PYTHONSAFEPATH": "1",
}
READ_BYTES = 1 << 16


class WorkerLostError(ToolError):
    """The child ended, or was ended, before its job did. `how` says it in words."""

    def __init__(self, name: str, how: str, stderr: str = "") -> None:
        lines = stderr.splitlines()[-errors.LOG_TAIL_LINES :]
        super().__init__(f"{name} {how}", [f"| {line}" for line in lines])
        self.how = how


def call(name: str, function: str, arguments: Mapping[str, Any], timeout: float) -> Any:
    """What `function` ("package.module:name") returns for JSON `arguments`, as JSON.

    `name` begins the errors ("the training process"). The function's progress is reported here
    and its TinyflowError raised here. Raises WorkerLostError when the child dies or takes more
    than `timeout` seconds. Any other error is a bug in the function: RuntimeError, with its
    traceback.
    """
    job = json.dumps({"function": function, "arguments": dict(arguments)}, default=str)
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as stderr, os.fdopen(writer, "wb", buffering=0) as stdin:
        try:
            child = process.start(
                [sys.executable, "-m", "tinyflow.worker"],
                env={**ENVIRONMENT, "PYTHONPATH": _python_path()},
                stdin=reader,
                stderr=stderr,
            )
        finally:
            os.close(reader)
        try:
            stdin.write(job.encode() + b"\n")
            for line in _lines(child, name, timeout):
                message = json.loads(line)
                if "step" in message:
                    progress.report(**message["step"])
                elif "error" in message:
                    raise _error_from_json(message["error"])
                elif "bug" in message:
                    raise RuntimeError(f"{function} in {name}:\n{message['bug']}")
                else:
                    return message["result"]
            raise _lost(child, name, stderr)
        except BrokenPipeError:
            raise _lost(child, name, stderr) from None
        finally:
            process.stop(child)


def _python_path() -> str:
    found = [str(paths.PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    return os.pathsep.join(filter(None, found))


def _lines(child: process.Child, name: str, timeout: float) -> Iterator[bytes]:
    """The lines the child writes, until its output ends."""
    assert child.stdout is not None
    deadline = time.monotonic() + timeout
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise WorkerLostError(name, f"did not end within {timeout:g} s")
            chunk = os.read(child.stdout.fileno(), READ_BYTES)
            if not chunk:
                return
            *lines, pending = (pending + chunk).split(b"\n")
            yield from lines


def _lost(child: process.Child, name: str, stderr: IO[bytes]) -> WorkerLostError:
    status = process.stop(child)
    stderr.seek(0)
    output = stderr.read().decode("utf-8", "replace")
    how = f"ended with exit status {status}"
    if status < 0:
        how = f"died by {signal.Signals(-status).name}"
    return WorkerLostError(name, how, output)


def _error_from_json(data: Mapping[str, Any]) -> TinyflowError:
    kinds: dict[str, type[TinyflowError]] = {
        kind.kind: kind
        for kind in (errors.ProjectError, errors.ModelError, errors.ToolError, errors.DeviceError)
    }
    return kinds[data["error"]](data["what"], data["detail"], data["hints"])


def serve() -> None:
    """The child's side: run the job in the first line of stdin."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # What a library prints must not end up between the answers.

    def send(message: Mapping[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with progress.listening(lambda step: send({"step": vars(step)})):
        send(_answer(job))
    # Libraries' threads and exit handlers have nothing to add.
    os._exit(0)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def _answer(job: Mapping[str, Any]) -> dict[str, Any]:
    module, _, name = job["function"].partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
        return {"result": function(**job["arguments"])}
    except TinyflowError as error:
        return {"error": error.as_json()}
    except Exception:
        return {"bug": traceback.format_exc()}


if __name__ == "__main__":
    serve()
