"""What kernels are tested with: they themselves, and the interpreter whose bytes they must give."""

from collections.abc import Iterator

import pytest
from kernel_server import KernelServer

from tinyflow.reference import ReferenceInterpreter


@pytest.fixture(scope="session")
def kernels() -> Iterator[KernelServer]:
    """The kernels in a process of their own, which serves all tests."""
    with KernelServer() as server:
        yield server


@pytest.fixture(scope="session")
def reference(reference_interpreter: None) -> Iterator[ReferenceInterpreter]:
    """The interpreter in a process of its own. Every test loads the models it needs."""
    with ReferenceInterpreter() as interpreter:
        yield interpreter
