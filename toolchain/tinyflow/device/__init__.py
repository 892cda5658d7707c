"""Talks to a board: the session with its firmware, and where its port is."""

from tinyflow.device.capture import Capturing, ConsentError, Sample
from tinyflow.device.client import Device, connect
from tinyflow.device.greeting import OtherModelError
from tinyflow.device.ports import find_port, list_ports, named_port
from tinyflow.device.reappear import has_vanished, seen, wait_for
from tinyflow.device.reset import restart
from tinyflow.device.results import ConsoleLine, Inference, Layer, LogLine

__all__ = [
    "Capturing",
    "ConsentError",
    "ConsoleLine",
    "Device",
    "Inference",
    "Layer",
    "LogLine",
    "OtherModelError",
    "Sample",
    "connect",
    "find_port",
    "has_vanished",
    "list_ports",
    "named_port",
    "restart",
    "seen",
    "wait_for",
]
