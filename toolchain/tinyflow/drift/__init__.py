"""Stage: what a device compares its inferences with.

`plan` says what of an input is looked at, `reference` what the training data were and which scores
are alarms. The arithmetic of the device, bit by bit, is in `twin`.
"""

from tinyflow.drift.calibration import reference, sampled
from tinyflow.drift.planning import plan

__all__ = ["plan", "reference", "sampled"]
