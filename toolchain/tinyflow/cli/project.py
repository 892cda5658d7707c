"""`init`, `train` and `evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tinyflow.cli import options
from tinyflow.cli.output import accuracies, facts, prints, table


def _show_init(result: dict[str, Any]) -> None:
    click.echo(f"wrote {result['folder']}: {', '.join(result['files'])}")
    click.echo(f"next: cd {result['folder']} && tinyflow deploy --board {result['board']}")


@click.command()
@click.argument("example", default="digits")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@prints(_show_init)
def init(example: str, folder: Path | None) -> dict[str, Any]:
    """Write an example project into a new folder (default: ./EXAMPLE)."""
    from tinyflow import config
    from tinyflow.pipeline import folders

    home = folders.new_project(example, folder or Path(example))
    project = config.load_project(home)
    return {
        "example": example,
        "folder": str(home),
        "board": project.config.board,
        "files": sorted(file.name for file in home.iterdir()),
    }


def _show_train(result: dict[str, Any]) -> None:
    facts(
        [
            ("data", f"{result['samples']:,} samples, {result['dataset_sha256'][:16]}"),
            ("trained", _line(result["trained"])),
            ("pruned", _line(result["pruned"])),
            ("int8 model", f"{result['tflite_bytes']:,} B, {result['model_sha256'][:16]}"),
            ("file", result["tflite"]),
        ]
    )


def _line(model: dict[str, Any]) -> str:
    return (
        f"validation accuracy {model['validation_accuracy']:.4f}, "
        f"{model['parameters']:,} parameters, {model['zero_fraction']:.0%} zero"
    )


@click.command()
@options.seed
@prints(_show_train)
def train(seed: int | None) -> dict[str, Any]:
    """Train, prune and quantise the project's model."""
    from tinyflow import pipeline

    walk = pipeline.start(seed=seed)
    dataset, trained, pruned, tflite = walk.dataset(), walk.trained(), walk.pruned(), walk.tflite()
    return {
        "dataset_sha256": dataset.sha256,
        "samples": sum(split.samples for split in dataset.splits),
        "splits": {split.name: split.samples for split in dataset.splits},
        **{
            key: {
                "path": str(model.path),
                "parameters": model.parameters,
                "zero_fraction": model.zero_fraction,
                "validation_accuracy": model.validation_accuracy,
            }
            for key, model in (("trained", trained), ("pruned", pruned))
        },
        "tflite": str(tflite.path),
        "tflite_bytes": tflite.path.stat().st_size,
        "model_sha256": tflite.sha256,
    }


def _show_evaluate(result: dict[str, Any]) -> None:
    accuracies(result, ("float", "int8", "host"))
    click.echo()
    labels = result["labels"]
    lines = [(label, *row) for label, row in zip(labels, result["host"]["confusion"], strict=True)]
    table(("true \\ host says", *labels), lines)


@click.command()
@options.board
@options.seed
@prints(_show_evaluate)
def evaluate(board: str | None, seed: int | None) -> dict[str, Any]:
    """Judge the float, int8 and host C models on the test split, by the same code."""
    from tinyflow import pipeline
    from tinyflow.pipeline import judge

    return judge.evaluate_all(pipeline.start(board=board or "native", seed=seed))
