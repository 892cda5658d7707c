"""The first request of a session: which protocol both speak, and whether it is the board meant."""

from __future__ import annotations

from tinyflow.artifacts import DeviceHello, FlashedBoard
from tinyflow.device import messages, results, transfer
from tinyflow.device.pace import Pace
from tinyflow.device.session import RefusedError, Session
from tinyflow.errors import DeviceError


class OtherModelError(DeviceError):
    """The board is well, and runs another model than the one that was expected."""


def greet(session: Session, expected: FlashedBoard, seconds: float) -> DeviceHello:
    """Ask who the board is and agree on a protocol. Raises DeviceError where it is another."""
    limits = messages.definitions().limits
    lowest, highest = limits["PROTOCOL_LOWEST"], limits["PROTOCOL"]
    place = session.place()
    again = [f"tinyflow flash --board {expected.board or 'NAME'}"]
    try:
        reply = session.request("HELLO", "HELLO_REPLY", seconds, {"SPEAKS": highest}).reply
    except RefusedError as refused:
        raise DeviceError(f"{place} refuses hello: {refused.text}", (), again) from None
    spoken = reply.integer("PROTOCOL")
    if not lowest <= spoken <= highest:
        ours = f"{lowest} to {highest}" if lowest < highest else f"{highest}"
        fact = f"{place} speaks protocol {spoken}, this tinyflow speaks {ours}"
        newer = ["the board's firmware is of a newer tinyflow"] if spoken > highest else []
        raise DeviceError(fact, newer, again)
    hello = results.hello_from(reply)
    if expected.model_sha256 and hello.model_sha256 != expected.model_sha256:
        raise OtherModelError(
            f"{place} runs another model: {hello.model} {hello.model_sha256[:16]}",
            [
                f"the board has {hello.model_sha256}",
                f"expected is {expected.model_sha256}",
            ],
            again,
        )
    if expected.build_id and hello.build_id != expected.build_id:
        raise DeviceError(
            f"{place} runs another build of {hello.model}: {hello.build_id}",
            [f"expected is {expected.build_id}"],
            again,
        )
    session.pace = Pace(transfer.WINDOW if "PROTOCOL_LOWEST" in reply.values else 1)
    return hello
