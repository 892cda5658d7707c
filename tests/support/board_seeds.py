"""What the fuzzer of the device's side begins with; replayed by a test as well."""

from __future__ import annotations

import cbor2
from golden_frames import DIALOGUE, STATE_DIALOGUE

INPUT = {3: bytes(64)}


def seeds() -> list[bytes]:
    """Each begins with what it is. 1: payloads of requests, alone and all one after the other; 0:
    bytes as they come in, golden frames and what people type."""
    requests: list[dict[int, object]] = [
        *({0: 1, 10: 1}, {0: 2, 2: 0, **INPUT}, {0: 3}, {0: 3, **INPUT}, {0: 4, 2: 0}),
        *({0: 5, 4: 1, **INPUT}, {0: 6, 4: 1, 2: 1, **INPUT}, {0: 7}, {0: 8, 5: 10, 6: 10, 9: 1}),
        *({0: 10, 8: 1}, {0: 11, 2: 0, **INPUT}, {0: 12, 2: 0}, {0: 12, 11: 1}, {0: 9, 7: 1}),
    ]
    bodies = []
    for sequence, request in enumerate(requests):
        for padding in range(4):
            body = cbor2.dumps({**request, 1: sequence, 99: bytes(padding)})
            if len(body) % 4 == 0:
                bodies.append(bytes([len(body) // 4]) + body)
    alone = [b"\1" + body for body in bodies]
    golden = [bytes.fromhex(dialogue[2]) for dialogue in [*DIALOGUE, *STATE_DIALOGUE]]
    lines = [b"\0" + frame for frame in [*golden, b"".join(golden)]]
    return [*alone, b"\1" + b"".join(bodies), *lines, b"\0name\nstats\ncapture on\n?\n"]
