"""Test rigs: which boards there are, what runs on them, and who may use them now.

It knows nothing of a test framework; `tinyflow.hil` gives it to pytest.
"""

from tinyflow.rig.baseline import Baseline, Figure, Verdict, load_baseline, save_baseline
from tinyflow.rig.bench import Bench, Request
from tinyflow.rig.dut import Dut, Firmware
from tinyflow.rig.faults import FaultyLine
from tinyflow.rig.places import Place, Wanted, choose
from tinyflow.rig.seat import Seat, Terms

__all__ = [
    "Baseline",
    "Bench",
    "Dut",
    "FaultyLine",
    "Figure",
    "Firmware",
    "Place",
    "Request",
    "Seat",
    "Terms",
    "Verdict",
    "Wanted",
    "choose",
    "load_baseline",
    "save_baseline",
]
