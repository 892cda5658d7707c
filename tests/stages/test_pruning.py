"""The pruning stage: channels, magnitude, none."""

from __future__ import annotations

from typing import Any

import pytest

from tinyflow import pruning
from tinyflow.config import PruningConfig

pytestmark = pytest.mark.slow


def test_channels(digits: Any) -> None:
    pruned = digits.pruned
    assert pruned.parameters < 0.5 * digits.trained.parameters
    assert pruned.sha256 != digits.trained.sha256
    changed = [note for note in pruned.notes if note.startswith("channels")]
    assert len(changed) == 4
    assert pruned.validation_accuracy > 0.3
    assert [s.total for s in digits.steps if s.stage == "pruning"] == [1]


def test_magnitude(digits: Any, tmp_path: Any) -> None:
    config = PruningConfig("magnitude", amount=0.7, epochs=3)
    pruned = pruning.prune(config, digits.trained, digits.dataset, 1, tmp_path)
    assert pruned.zero_fraction == pytest.approx(0.7, abs=0.005)
    assert pruned.parameters == digits.trained.parameters
    assert len(pruned.history["loss"]) == 3
    assert pruned.validation_accuracy > 0.5


@pytest.mark.parametrize("config", [PruningConfig("none"), PruningConfig("channels", amount=0.0)])
def test_none_is_a_copy(digits: Any, tmp_path: Any, config: PruningConfig) -> None:
    pruned = pruning.prune(config, digits.trained, digits.dataset, 1, tmp_path)
    assert pruned.path.parent == tmp_path
    assert pruned.path.read_bytes() == digits.trained.path.read_bytes()
    assert pruned.sha256 == digits.trained.sha256
