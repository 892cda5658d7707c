"""Samples replayed to a board as if its sensor had read them, and what it says of each window.

The board takes no more than the next window lacks, classifies it when it is complete and answers
where to go on. A request that is sent twice is carried out once, so nothing is lost or taken twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tinyflow.artifacts import SensorState
from tinyflow.device import messages
from tinyflow.device.messages import Message, Value
from tinyflow.device.session import RefusedError, Session
from tinyflow.errors import DeviceError


@dataclass(frozen=True)
class Window:
    """One window's answer: its first sample's number, the output's bytes (int8), its count in the
    board's counter unit, and the deadline misses of the board's telemetry after it."""

    start: int
    output: bytes
    count: int
    deadline_misses: int


class Sensing:
    """The sensor's side of a session. `seconds` says how long a request may take by its name,
    `rest_of_output` reads on where an output does not fit one message."""

    def __init__(
        self,
        session: Session,
        chunk_bytes: int,
        output_bytes: int,
        seconds: Callable[[str], float],
        rest_of_output: Callable[[bytearray], None],
    ) -> None:
        self._session = session
        self._chunk_bytes = chunk_bytes
        self._output_bytes = output_bytes
        self._seconds = seconds
        self._rest_of_output = rest_of_output

    def state(self, replay: bool | None = None) -> SensorState:
        """How the sensor is; begins a replay, or ends it, where `replay` says so."""
        values: dict[str, Value] = {} if replay is None else {"REPLAY": int(replay)}
        return state_from(self._ask("SENSOR", "SENSOR_REPLY", values))

    def replay(self, blocks: Iterable[bytes]) -> Iterator[Window]:
        """The answers to the windows in `blocks`, which are whole samples one after another.

        Blocks are sent as they come; an empty one keeps a replay alive that has nothing to send.
        """
        state = self.state(replay=True)
        try:
            yield from self._windows(blocks, state)
        except BaseException:
            with contextlib.suppress(DeviceError):
                self.state(replay=False)
            raise
        self.state(replay=False)

    def _windows(self, blocks: Iterable[bytes], state: SensorState) -> Iterator[Window]:
        most = self._chunk_bytes // state.sample_bytes * state.sample_bytes
        at, credit = 0, state.credit
        for block in blocks:
            rest = memoryview(block)
            while True:
                piece = bytes(rest[: min(credit, most)])
                values: dict[str, Value] = {"OFFSET": at, "DATA": piece}
                reply = self._ask("SAMPLES", "SAMPLES_REPLY", values)
                taken = (reply.integer("OFFSET") - at) & messages.UINT32_MAX
                credit = reply.integer("CREDIT")
                if taken > len(piece) or (piece and not taken) or not credit:
                    raise self._nonsense(f"{taken} of {len(piece)} B taken, credit {credit} B")
                at = (at + taken) & messages.UINT32_MAX
                rest = rest[taken:]
                if "WINDOWS" in reply.values:
                    yield self._window(reply, state)
                if not rest:
                    break

    def _window(self, reply: Message, state: SensorState) -> Window:
        names = ("WINDOWS", "COUNT", "DEADLINE_MISSES", "BYTES", "DATA")
        if not reply.values.keys() >= set(names):
            raise self._nonsense("half a window")
        number, count, misses, size = (reply.integer(name) for name in names[:-1])
        if not number:
            # The answer to a request that was sent again, after the board had given the replay up.
            raise DeviceError(
                f"{self._session.place()} has ended the replay", ["nothing came for too long"]
            )
        if size != self._output_bytes:
            raise self._nonsense(f"an output of {size} B, its hello says so of another size")
        output = bytearray(reply.data())
        self._rest_of_output(output)
        self._session.answered += 1
        return Window((number - 1) * state.hop, bytes(output), count, misses)

    def _ask(self, name: str, reply: str, values: Mapping[str, Value]) -> Message:
        try:
            return self._session.request(name, reply, self._seconds(name), values).reply
        except RefusedError as refused:
            place = self._session.place()
            if refused.name in ("UNSUPPORTED", "BAD_MESSAGE"):
                raise DeviceError(
                    f"{place} runs firmware without a sensor",
                    ["replaying needs [sensor] in tinyflow.toml, driver replay is enough"],
                    [f"tinyflow flash --board {self._session.board}"],
                ) from None
            detail = [f"{self._session.answered} inferences were answered"]
            if name == "SENSOR":
                detail = ["its windows are not the model's input, and its driver has no prepare"]
            elif refused.name == "NO_REPLAY":
                detail.append("it has restarted, or nothing came for too long")
            raise DeviceError(f"{place} refuses {name.lower()}: {refused.text}", detail) from None

    def _nonsense(self, what: str) -> DeviceError:
        return DeviceError(f"{self._session.place()} answers with {what}")


def state_from(reply: Message) -> SensorState:
    """The figures of a SENSOR_REPLY. Raises DeviceError when they cannot be."""
    integer = reply.integer
    status = integer("STATUS")
    known = messages.definitions().statuses
    state = SensorState(
        driver=reply.text("DRIVER"),
        status="" if not status else known.get(status, f"status {status}"),
        replaying=integer("REPLAY") != 0,
        value_bytes=integer("VALUE_BYTES"),
        channels=integer("CHANNELS"),
        rate_hz=integer("RATE_HZ"),
        window=integer("WINDOW"),
        hop=integer("HOP"),
        scale=reply.real("SCALE"),
        credit=integer("CREDIT"),
        windows=integer("WINDOWS"),
        dropped=integer("WINDOWS_DROPPED"),
        gaps=integer("GAPS"),
        age=integer("AGE"),
        age_max=integer("AGE_MAX"),
    )
    sound = state.value_bytes in (1, 2) and 1 <= state.hop <= state.window
    if not sound or not 1 <= state.sample_bytes <= messages.definitions().limits["CHUNK_BYTES"]:
        raise DeviceError("the board's sensor cannot be: " + repr(state))
    return state
