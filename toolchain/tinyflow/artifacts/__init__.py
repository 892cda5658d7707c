"""What the stages hand to one another, in the order of the pipeline.

Artefacts carry paths, hashes and numbers, never arrays, so that they serialise to JSON and a
stage's output can be kept (`cache`). All are frozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyflow.artifacts.firmware import (
    DeviceHello,
    DriftState,
    FirmwareImage,
    FirmwareProject,
    FlashedBoard,
    FlashFile,
    InputSketch,
    SensorState,
    Telemetry,
)
from tinyflow.artifacts.judgement import (
    BoardRun,
    Evaluation,
    IntegerPredictor,
    MetricRow,
    Predictor,
    RunDocument,
)
from tinyflow.artifacts.model import (
    ArenaBlock,
    CompiledModel,
    ExportedLibrary,
    LayerInfo,
    LayerOutput,
    TensorSpec,
)
from tinyflow.artifacts.profile import Cycles, Estimate, Footprint, LayerProfile, Profile
from tinyflow.artifacts.reference import TrainingReference
from tinyflow.artifacts.survey import CodeParts, Finding, Survey
from tinyflow.artifacts.training import Dataset, KerasModel, Split, TfliteModel

if TYPE_CHECKING:
    from tinyflow.artifacts.arrays import Bytes, Floats, Labels

__all__ = [
    "ArenaBlock",
    "BoardRun",
    "Bytes",
    "CodeParts",
    "CompiledModel",
    "Cycles",
    "Dataset",
    "DeviceHello",
    "DriftState",
    "Estimate",
    "Evaluation",
    "ExportedLibrary",
    "Finding",
    "FirmwareImage",
    "FirmwareProject",
    "FlashFile",
    "FlashedBoard",
    "Floats",
    "Footprint",
    "InputSketch",
    "IntegerPredictor",
    "KerasModel",
    "Labels",
    "LayerInfo",
    "LayerOutput",
    "LayerProfile",
    "MetricRow",
    "Predictor",
    "Profile",
    "RunDocument",
    "SensorState",
    "Split",
    "Survey",
    "Telemetry",
    "TensorSpec",
    "TfliteModel",
    "TrainingReference",
]
