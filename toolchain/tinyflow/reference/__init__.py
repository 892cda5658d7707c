"""The reference interpreter: what every result of tinyflow's C must equal, byte for byte.

It is ai-edge-litert 1.2.0 with its reference kernels. Later releases round FULLY_CONNECTED
otherwise than TensorFlow Lite Micro does, and the default kernels differ more. It cannot share an
environment with a newer release, so it lives in a folder of its own and runs in a child process,
which also keeps a model that crashes it from taking tinyflow along.
"""

from tinyflow.reference.install import (
    RELEASE,
    TESTED_PYTHONS,
    install_reference,
    reference_folder,
    released,
)
from tinyflow.reference.interpreter import ReferenceInterpreter

__all__ = [
    "RELEASE",
    "TESTED_PYTHONS",
    "ReferenceInterpreter",
    "install_reference",
    "reference_folder",
    "released",
]
