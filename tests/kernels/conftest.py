from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernel_server import KernelServer


@pytest.fixture(scope="module")
def ref() -> Iterator[KernelServer]:
    with KernelServer("ref") as server:
        yield server


@pytest.fixture(scope="module")
def tested(request: pytest.FixtureRequest) -> Iterator[KernelServer]:
    """The kernels of the backend that the module, or the test's parameter, names."""
    with KernelServer(getattr(request, "param", None) or request.module.BACKEND) as server:
        yield server
