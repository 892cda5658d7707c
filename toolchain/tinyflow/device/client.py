"""A board as seen from the host: its model runs there, the session is here."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from tinyflow.artifacts import DeviceHello, FlashedBoard, SensorState, Telemetry, TensorSpec
from tinyflow.device import messages, results, rows, transfer
from tinyflow.device.capture import Capturing
from tinyflow.device.greeting import greet
from tinyflow.device.link import Link, Transport
from tinyflow.device.messages import Message, Value
from tinyflow.device.replay import Sensing, Window
from tinyflow.device.results import ConsoleLine, Inference, Layer, LogLine
from tinyflow.device.session import Answer, News, RefusedError, Session
from tinyflow.device.wiring import WIRINGS
from tinyflow.errors import DeviceError, ModelError

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes, Floats

Item = TypeVar("Item")

TIMEOUT_SECONDS = 5.0
# The first inference may take as long as a slow emulator needs; then the longest seen is a guide.
FIRST_INFERENCE_SECONDS = 30.0
INFERENCE_FACTOR = 20.0
MAX_ATTEMPTS = 8  # of a request of which nothing new came
MAX_LAYER_PARTS = 1 << 16  # a layer's output of 64 MiB
RESET_SECONDS = 0.3


def connect(
    flashed: FlashedBoard,
    *,
    input: TensorSpec | None = None,
    output: TensorSpec | None = None,
    timeout: float = TIMEOUT_SECONDS,
    listener: Callable[[News], None] | None = None,
    open_link: Callable[[], Transport] | None = None,
) -> Device:
    """Open a session with a board; use it in a `with` block.

    `input` and `output` give the shapes for `predict`; without them it takes and gives flat rows.
    `timeout` is how many seconds the board may say nothing. `listener` is called with what the
    board sends on its own, while requests run and in `poll`. `open_link` opens another line than
    the port that `flashed` names, now and in `Device.reconnect`.

    Raises DeviceError when the port cannot be opened, the board says nothing, or its hello names
    another protocol, model or build than `flashed` (whose empty hashes are not compared).
    """
    open_link = open_link or (lambda: Link(flashed.port, flashed.baud, WIRINGS[flashed.reset]))
    link = open_link()
    try:
        session = Session(link, flashed.board, listener)
        hello = greet(session, flashed, timeout)
        return Device(session, hello, input, output, timeout, open_link)
    except BaseException:
        link.close()
        raise


class Device:
    """A session with a board: an IntegerPredictor, and more. Made by `connect`.

    Every method raises DeviceError when the board is gone or silent, and says after how many
    inferences. Not for more than one thread.
    """

    where = "device"

    def __init__(
        self,
        session: Session,
        hello: DeviceHello,
        input: TensorSpec | None,
        output: TensorSpec | None,
        timeout: float,
        open_link: Callable[[], Transport],
    ) -> None:
        self.hello = hello
        self._open_link = open_link
        self._input_cut_off = False  # an input did not arrive as a whole
        self._steps: int | None = None  # of the stream, where the model keeps something
        self._session = session
        self._timeout = timeout
        self._input = input or TensorSpec(
            "input", (1, hello.input_bytes), hello.input_scale, hello.input_zero_point
        )
        self._output = output or TensorSpec(
            "output", (1, hello.output_bytes), hello.output_scale, hello.output_zero_point
        )

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the port. The board goes on as it is."""
        self._session.link.close()

    def reconnect(self) -> None:
        """Open the port again, where the board or its connection was gone, and go on.

        What came in until now is kept. An input that was cut off is not sent again as far as the
        board still has it. Raises DeviceError as `connect` does, where the port is not back yet
        too, and where another model or build answers than before; call it again then.
        """
        self._session.link.close()
        link, hello = self._open_link(), self.hello
        self._session.take_over(link)
        expected = FlashedBoard(
            self._session.board, link.url, link.baud, hello.model_sha256, hello.build_id
        )
        try:
            self.hello = greet(self._session, expected, self._timeout)
        except BaseException:
            link.close()
            raise

    # Inferences

    def infer(self, data: bytes | Bytes, *, reset: bool = False) -> Inference:
        """One inference of `data`, the model's input bytes (int8).

        It goes on from what a model that keeps something has kept, or begins anew with `reset`.
        Raises DeviceError where something else has come between: a restart, another program, the
        board's own sensor.
        """
        values: dict[str, Value] = {"STATE_RESET": 1} if reset else {}
        for _ in range(MAX_ATTEMPTS):
            reply = self._run("INFER", rows.as_bytes(data), values, None).reply
            self._check_stream(reply, 1 if reset else None)
            count, size = reply.integer("COUNT"), reply.integer("BYTES")
            if size != self.hello.output_bytes:
                raise self._nonsense(f"an output of {size} B, its hello says so of another size")
            output = bytearray(reply.data())
            with contextlib.suppress(_StartAgainError):
                self._rest_of_output(output)
                self._session.answered += 1
                return Inference(bytes(output), count)
        raise self._gave_up("infer")

    def reset_state(self) -> None:
        """Set what the model keeps between inferences to its first values: a new stream begins."""
        self._ask("CONFIGURE", "STATUS_REPLY", self._timeout, {"STATE_RESET": 1})
        self._steps = 0

    def _check_stream(self, reply: Message, expected: int | None = None) -> None:
        """Raise DeviceError unless the reply is of the stream's next inference."""
        if "STEPS" not in reply.values:
            return
        found = reply.integer("STEPS")
        if expected is None and self._steps is not None:
            expected = (self._steps + 1) & messages.UINT32_MAX
        self._steps = found
        if expected is not None and found != expected:
            raise DeviceError(
                f"{self._session.place()} went on from another stream",
                [
                    f"it counts {found} inferences since its reset, {expected} were expected",
                    "it has restarted, or classifies what its own sensor says",
                ],
            )

    def infer_each(self, inputs: Iterable[bytes | Bytes]) -> Iterator[Inference]:
        """Inferences of many inputs, each handed on as soon as it is answered."""
        for data in inputs:
            yield self.infer(data)

    def invoke(self, inputs: Bytes) -> Bytes:
        """Output bytes int8 [N, output_bytes] for input bytes int8 [N, input_bytes]."""
        import numpy as np

        outputs = np.empty((len(inputs), self.hello.output_bytes), dtype=np.int8)
        for row, inference in enumerate(self.infer_each(inputs)):
            outputs[row] = np.frombuffer(inference.output, dtype=np.int8)
        return outputs

    def predict(self, features: Floats) -> Floats:
        """Scores float32 [N, *output_shape] for features float32 [N, *input_shape].

        Raises ModelError for rows of another size.
        """
        features = rows.features_of(self._input, self.hello.model, features)
        scores = self._output.decode(self.invoke(self._input.encode(features)))
        return scores.reshape(len(features), *self._output.shape[1:])

    def layers(self, data: bytes | Bytes) -> list[Layer]:
        """Each layer's CRC-32 and count in one inference, which is not part of the telemetry.

        It begins anew, and so does the next inference of a model that keeps something.
        """
        self._steps = 0
        found: dict[int, Layer] = {}
        total = self.hello.layers
        left = MAX_ATTEMPTS
        while left and len(found) < total:
            first = next(i for i in range(total) if i not in found)
            answer = self._run("LAYERS", rows.as_bytes(data), {"LAYER": first}, "LAYER")
            before = len(found)
            for part in answer.parts:
                layer = Layer(*(part.integer(n) for n in ("LAYER", "BYTES", "CRC32", "COUNT")))
                if layer.index < total:
                    found.setdefault(layer.index, layer)
            left = MAX_ATTEMPTS if len(found) > before else left - 1
        if len(found) < total:
            raise self._gave_up("layers")
        return [found[index] for index in range(total)]

    def layer_output(self, data: bytes | Bytes, index: int) -> bytes:
        """The bytes of one layer's output (0 is the first) in one inference as `layers` has it."""
        self._steps = 0
        if not 0 <= index < self.hello.layers:
            raise ModelError(
                f"{self.hello.model} has no layer {index}", [f"layers 0 to {self.hello.layers - 1}"]
            )
        parts: dict[int, bytes] = {}
        left, size, end = MAX_ATTEMPTS, -1, 0  # all of it, and what is there from its start
        while left and end != size and len(parts) < MAX_LAYER_PARTS:
            values: dict[str, Value] = {"LAYER": index, "OFFSET": end}
            answer = self._run("DUMP", rows.as_bytes(data), values, "CHUNK")
            before = len(parts)
            for part in answer.parts:
                size = part.integer("BYTES")
                if part.data():
                    parts.setdefault(part.integer("OFFSET"), part.data())
            while end in parts:
                end += len(parts[end])
            left = MAX_ATTEMPTS if len(parts) > before else left - 1
        if end != size:
            raise self._gave_up("layer output")
        return b"".join(parts[at] for at in sorted(parts) if at < size)

    # The sensor

    def sensor(self) -> SensorState:
        """What the board senses. Raises DeviceError where its firmware has no sensor."""
        return self._sensing().state()

    def replay(self, blocks: Iterable[bytes]) -> Iterator[Window]:
        """The answers to the windows in `blocks`, taken as if the sensor had read them.

        Blocks are whole samples, in the format that `sensor` tells. The sensor rests meanwhile.
        """
        return self._sensing().replay(blocks)

    def capturing(self) -> Capturing:
        """Raw samples, one after another. Raises ConsentError where the board does not allow it."""
        return Capturing(self._session, self.hello, self._inference_seconds, self._rest_of_window)

    def _sensing(self) -> Sensing:
        hello, seconds, rest = self.hello, self._inference_seconds, self._rest_of_window
        return Sensing(self._session, hello.chunk_bytes, hello.output_bytes, seconds, rest)

    def _rest_of_window(self, output: bytearray) -> None:
        try:
            self._rest_of_output(output)
        except _StartAgainError:
            raise self._gave_up("a window's output") from None

    # The board itself

    def telemetry(self) -> Telemetry:
        """What the board remembers of its inferences, asked for now."""
        reply = self._ask("TELEMETRY", "TELEMETRY_REPLY", self._timeout).reply
        return results.telemetry_from(reply)

    def configure(self, *, heartbeat_ms: int | None = None, deadline: int | None = None) -> None:
        """Set how often telemetry is pushed (0: never) and the most count an inference may take."""
        given = {"HEARTBEAT_MS": heartbeat_ms, "DEADLINE": deadline}
        values: dict[str, Value] = {k: v for k, v in given.items() if v is not None}
        self._ask("CONFIGURE", "STATUS_REPLY", self._timeout, values)

    def reset(self, *, bootloader: bool = False) -> None:
        """Restart the board; the session is over where its port goes away with it.

        Raises DeviceError where the board cannot restart (into its serial bootloader).
        """
        values: dict[str, Value] = {"BOOTLOADER": int(bootloader)}
        self._ask("RESET", "STATUS_REPLY", self._timeout, values)
        refusal = self._session.late_refusal(RESET_SECONDS)
        if refusal is not None:
            raise DeviceError(f"{self._session.place()} does not restart: {refusal.text}")

    def poll(self, seconds: float) -> None:
        """Take what the board sends on its own; returns when something came, or in time."""
        self._session.listen(seconds)

    def take_telemetry(self) -> list[Telemetry]:
        """Heartbeats since the last call, oldest first."""
        return _drain(self._session.telemetry)

    def take_logs(self) -> list[LogLine]:
        """Lines the firmware has logged since the last call."""
        return _drain(self._session.logs)

    def take_console(self) -> list[str]:
        """Lines of text since the last call."""
        return _drain(self._session.console)

    def messages(self, seconds: float) -> Iterator[News]:
        """What the board sends on its own in the next `seconds`, as it comes."""
        end = self._session.now() + seconds
        while (left := end - self._session.now()) > 0:
            self._session.listen(left)
            yield from self.take_telemetry()
            yield from self.take_logs()
            yield from (ConsoleLine(line) for line in self.take_console())

    # Requests

    def _run(self, name: str, data: bytes, values: dict[str, Value], part: str | None) -> Answer:
        """A request that needs the whole input, which goes along or, when too large, before."""
        if len(data) != self.hello.input_bytes:
            raise ModelError(
                f"an input of {self.hello.model} has {self.hello.input_bytes} B, "
                f"{len(data)} B were given"
            )
        for _ in range(MAX_ATTEMPTS):
            if inline := len(data) <= self.hello.chunk_bytes:
                values = {**values, "DATA": data}
            with contextlib.suppress(_StartAgainError):
                if not inline:
                    self._set_input(data)
                return self._ask(name, "RESULT", self._inference_seconds(name), values, part)
        raise self._gave_up(name.lower())

    def _set_input(self, data: bytes) -> None:
        resume, self._input_cut_off = self._input_cut_off, True
        chunk = self.hello.chunk_bytes
        try:
            transfer.upload(self._session, data, chunk, self._timeout, resume=resume)
        except RefusedError as refused:
            raise self._refused("input", refused) from None
        self._input_cut_off = False

    def _rest_of_output(self, output: bytearray) -> None:
        total, chunk = self.hello.output_bytes, self.hello.chunk_bytes
        try:
            transfer.download(self._session, output, total, chunk, self._timeout)
        except RefusedError as refused:
            if refused.name == "NO_OUTPUT":
                raise _StartAgainError from None  # the board has restarted in between
            raise self._refused("output", refused) from None

    def _ask(
        self,
        name: str,
        reply: str,
        seconds: float,
        values: dict[str, Value] | None = None,
        part: str | None = None,
    ) -> Answer:
        try:
            return self._session.request(name, reply, seconds, values, part)
        except RefusedError as refused:
            if refused.name == "NO_INPUT" and reply == "RESULT":
                raise _StartAgainError from None  # the board has restarted in between
            raise self._refused(name.lower(), refused) from None

    def _inference_seconds(self, name: str) -> float:
        longest = self._session.expected_seconds(name)
        if longest is None:
            return max(self._timeout, FIRST_INFERENCE_SECONDS)
        return max(self._timeout, INFERENCE_FACTOR * longest)

    def _refused(self, name: str, refused: RefusedError) -> DeviceError:
        return DeviceError(f"{self._session.place()} refuses {name}: {refused.text}")

    def _gave_up(self, name: str) -> DeviceError:
        return DeviceError(
            f"{self._session.place()} did not finish {name} in {MAX_ATTEMPTS} attempts",
            ["the connection loses too much, or the board restarts all the time"],
        )

    def _nonsense(self, what: str) -> DeviceError:
        return DeviceError(f"{self._session.place()} answers with {what}")


def _drain(queue: deque[Item]) -> list[Item]:
    items = list(queue)
    queue.clear()
    return items


class _StartAgainError(Exception):
    """The board has lost what was sent to it before."""
