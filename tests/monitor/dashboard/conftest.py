"""A seeded store, and a dashboard of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import seeded_store

from tinyflow.monitor import dashboard

SECONDS = 300


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three boards in a run and one in an older run; nobody adds to it."""
    path = tmp_path_factory.mktemp("seeded") / "metrics.sqlite"
    seeded_store.fill(path, seeded_store.END, SECONDS)
    return path


@pytest.fixture(scope="session")
def server(store: Path) -> Iterator[dashboard.Server]:
    """A dashboard of that store, without a token."""
    with dashboard.serve(dashboard.app(store), port=0) as running:
        yield running
