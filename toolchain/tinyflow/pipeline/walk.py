"""The order of the stages, and nothing else: what each needs is what the one before it made.

A `Walk` goes as far as it is asked to and takes from the cache whatever has not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tinyflow import cache, config, entrypoint, paths
from tinyflow.artifacts import (
    CompiledModel,
    Dataset,
    FirmwareImage,
    FirmwareProject,
    FlashedBoard,
    KerasModel,
    TfliteModel,
)
from tinyflow.boards import BoardProfile
from tinyflow.errors import ProjectError
from tinyflow.pipeline.goal import compile_goal

if TYPE_CHECKING:
    from tinyflow.config import Optimize
    from tinyflow.sensors import Sensor

T = TypeVar("T")

# The parts of tinyflow whose change makes a stage's kept output stale.
_KERAS = ("keras_models.py", "worker.py", "entrypoint.py")
_COMPILER = ("compiler", "templates/model", "firmware/kernels", "firmware/include")
_FIRMWARE = (*_COMPILER, "generate.py", "sensors.py", "templates", "firmware")
_CODE = {
    "dataset": ("datasets.py",),
    "captures": ("captures.py", "datasets.py", "pipeline/merging.py"),
    "training": (*_KERAS, "training"),
    "pruning": (*_KERAS, "pruning"),
    "quantization": (*_KERAS, "quantization.py"),
    "evaluation": (*_KERAS, "evaluation.py", "artifacts", "reference"),
    "compile": _COMPILER,
    "reference": (*_COMPILER, "drift", "artifacts", "pipeline/inputs.py", "pipeline/reference.py"),
    "generate": _FIRMWARE,
    "build": (*_FIRMWARE, "build"),
}


@dataclass(frozen=True)
class Walk:
    """One walk through the stages, for a project or for a .tflite alone.

    `model` is a .tflite of the user's; without it the project's is trained. `seed` overrides the
    project's, `sensor_override` its `[sensor]`, `mlperf_override` what its `[firmware]` says of
    that. `training_data` is an .npz to compare inferences with instead of the project's data.
    `board` has one builder and one runner. With `least_ram` the model is compiled for the least
    RAM; `optimize` overrides the project's `[compile]`, `dataset_override` its data. `home` holds
    the cache.
    """

    home: Path
    project: config.Project | None = None
    board: BoardProfile | None = None
    model: Path | None = None
    name: str | None = None
    seed_override: int | None = None
    sensor_override: config.SensorConfig | None = None
    mlperf_override: config.MlperfTask | None = None
    training_data: Path | None = None
    least_ram: bool = False
    optimize: Optimize | None = None
    dataset_override: Dataset | None = None
    _made: dict[tuple[str, str], Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def seed(self) -> int:
        """The seed of everything that is drawn at random."""
        if self.seed_override is not None:
            return self.seed_override
        return self.project.config.seed if self.project is not None else 1

    @property
    def logs(self) -> Path:
        """The folder for what tools print, which errors name; each run begins its files anew."""
        return self.home / "logs"

    def require_project(self) -> config.Project:
        """The project. Raises ProjectError where there is none."""
        if self.project is None:
            raise ProjectError(
                f"no {paths.PROJECT_FILE} in {self.home.parent} or above",
                ["this command needs a project, or a .tflite where it takes one"],
                ["tinyflow init digits && cd digits"],
            )
        return self.project

    def require_board(self) -> BoardProfile:
        """The board. Raises ProjectError where none was named."""
        if self.board is None:
            raise ProjectError(
                "no board was named",
                hints=["add --board qemu-m4", "tinyflow boards"],
            )
        return self.board

    def get(
        self, stage: str, kind: type[T], inputs: dict[str, Any], make: Callable[[Path], T]
    ) -> T:
        """The kept artefact of `stage` for `inputs`, else what `make` writes and returns.

        What tinyflow's own code made before it changed is not taken; see `Cache.get`.
        """
        # Asked for again within a walk, a stage is what it was: nothing is hashed or told twice.
        asked = (stage, cache.key(inputs))
        if asked not in self._made:
            code = cache.code_sha256(_CODE[stage])
            self._made[asked] = cache.Cache(self.home).get(
                stage, kind, {**inputs, "code": code}, make
            )
        made: T = self._made[asked]
        return made

    def dataset(self) -> Dataset:
        """The project's data, split, with the captured samples that belong to it by now."""
        from tinyflow.pipeline import merging

        return self.dataset_override or merging.with_taken(self)

    def source_dataset(self) -> Dataset:
        """The data of the project's source alone, split."""
        from tinyflow import datasets

        project = self.require_project()
        settings = replace(project.config.dataset, captures="")
        return self.get(
            "dataset",
            Dataset,
            {
                "settings": settings,
                "seed": self.seed,
                "sources": self._user_code(settings.source),
            },
            lambda folder: datasets.load(settings, self.seed, project.folder, folder),
        )

    def trained(self) -> KerasModel:
        """The trained float model."""
        from tinyflow import training

        project, dataset = self.require_project(), self.dataset()
        settings = project.config.training
        return self.get(
            "training",
            KerasModel,
            {
                "settings": settings,
                "dataset": dataset.sha256,
                "seed": self.seed,
                "sources": self._user_code(settings.model),
            },
            lambda folder: training.fit(settings, dataset, self.seed, project.folder, folder),
        )

    def pruned(self) -> KerasModel:
        """The pruned and fine-tuned model; the trained one where the project does not prune."""
        from tinyflow import pruning

        settings = self.require_project().config.pruning
        trained, dataset = self.trained(), self.dataset()
        if settings.method == "none":
            return trained
        return self.get(
            "pruning",
            KerasModel,
            {
                "settings": settings,
                "model": trained.sha256,
                "dataset": dataset.sha256,
                "seed": self.seed,
            },
            lambda folder: pruning.prune(settings, trained, dataset, self.seed, folder),
        )

    def tflite(self) -> TfliteModel:
        """The int8 model: the one given, else the project's."""
        from tinyflow import quantization

        if self.model is not None:
            if not self.model.is_file():
                raise ProjectError(f"{self.model} is not a file")
            return TfliteModel(self.model.resolve(), cache.file_sha256(self.model))
        settings = self.require_project().config.quantization
        pruned, dataset = self.pruned(), self.dataset()
        return self.get(
            "quantization",
            TfliteModel,
            {
                "settings": settings,
                "model": pruned.sha256,
                "dataset": dataset.sha256,
                "seed": self.seed,
            },
            lambda folder: quantization.quantize(settings, pruned, dataset, self.seed, folder),
        )

    def compiled(self) -> CompiledModel:
        """The model as C for the board, proved to fit it as far as can be known before a build."""
        from tinyflow import compiler

        board, tflite = self.require_board(), self.tflite()
        name = self.name
        if name is None:
            given = self.model is not None or self.project is None
            name = (
                compiler.symbol_name(tflite.path) if given else self.require_project().config.name
            )
        prefix, goal = name, compile_goal(self, board)
        compiled = self.get(
            "compile",
            CompiledModel,
            {
                "model": tflite.sha256,
                "file": tflite.path.name,
                "name": prefix,
                "board": board.name,
                "backend": board.backend,
                "ram_budget": compiler.arena_budget(board),
                "least_ram": self.least_ram,
                "goal": vars(goal),
                "slow_ram": board.memory.slow_ram_bytes > 0,
                "templates": cache.folder_sha256(self.templates),
            },
            lambda folder: compiler.compile_model(
                tflite.path,
                folder=folder,
                name=prefix,
                board=board.name,
                backend=board.backend,
                goal=goal,
                templates=self.templates,
                ram_budget=compiler.arena_budget(board),
                least_ram=self.least_ram,
                slow_ram=board.memory.slow_ram_bytes > 0,
            ),
        )
        compiler.check_fits(compiled, board)
        return compiled

    def sensor(self) -> Sensor | None:
        """What the firmware senses, None where the project has no `[sensor]`."""
        from tinyflow import sensors

        settings = self.sensor_override
        if settings is None and self.project is not None:
            settings = self.project.config.sensor
        if settings is None:
            return None
        folder = self.project.folder if self.project is not None else None
        return sensors.resolve(settings, self.compiled(), self.require_board(), folder)

    def mlperf(self) -> config.MlperfTask | None:
        """The MLPerf Tiny benchmark whose interface the console is, None where it is none."""
        from tinyflow import mlperf

        task = self.mlperf_override
        if task is None and self.project is not None:
            task = self.project.config.firmware.mlperf or None
        if task is not None:
            mlperf.check(task, self.compiled())
        return task

    def firmware(self) -> FirmwareProject:
        """The firmware project for the board and its builder."""
        from tinyflow import generate
        from tinyflow.pipeline.reference import training_reference

        board, compiled, sensor = self.require_board(), self.compiled(), self.sensor()
        mlperf, capture = self.mlperf(), self.project.config.capture if self.project else None
        reference = None if mlperf else training_reference(self)  # a benchmark times no telemetry
        return self.get(
            "generate",
            FirmwareProject,
            {
                "board": board,
                "name": compiled.name,
                "model": compiled.model_sha256,
                "compiled": compiled.path.name,
                "templates": cache.folder_sha256(self.templates),
                "ports": cache.folder_sha256(self.ports),
                "sensor": sensor.as_key() if sensor is not None else None,
                "capture": capture,
                "mlperf": mlperf,
                "reference": reference,
            },
            lambda folder: generate.write_project(
                folder,
                compiled,
                board,
                board.builder,
                sensor=sensor,
                capture=capture,
                mlperf=mlperf,
                reference=reference,
                templates=self.templates,
                ports=self.ports,
            ),
        )

    def image(self) -> FirmwareImage:
        """The built firmware image."""
        from tinyflow import build

        board, firmware = self.require_board(), self.firmware()
        return self.get(
            "build",
            FirmwareImage,
            {"board": board, "builder": firmware.builder, "build_id": firmware.build_id},
            lambda folder: build.build(firmware, board, folder, self.logs),
        )

    @contextmanager
    def flashed(self, port: str | None = None) -> Iterator[FlashedBoard]:
        """The board running the image; an emulated one is ended when the block ends."""
        from tinyflow.pipeline import flashing

        image, board = self.image(), self.require_board()
        with flashing.flashed(image, board, port, self.logs / "flash.log") as running:
            yield running

    @property
    def templates(self) -> list[Path]:
        """The project's own templates, which come before tinyflow's."""
        return self._own("templates")

    @property
    def ports(self) -> list[Path]:
        """The project's own port layers, which come before tinyflow's."""
        return self._own("ports")

    def _own(self, name: str) -> list[Path]:
        own = self.project.folder / name if self.project is not None else None
        return [own] if own is not None and own.is_dir() else []

    def _user_code(self, reference: str) -> str:
        """The hash of what a project's `file.py:function` or data file may read."""
        folder = self.require_project().folder
        if entrypoint.is_entrypoint(reference):
            return entrypoint.source_sha256(folder)
        data = folder / reference
        return cache.file_sha256(data) if data.is_file() else ""
