"""The command line: parse, call the pipeline, print. Commands are loaded when they are run."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

from tinyflow import __version__
from tinyflow.errors import near_miss

INTERRUPTED = 130

# command -> (module of this package, what it does), in the order of the road
COMMANDS = {
    "init": ("project", "Write an example project into a new folder."),
    "check": ("check", "Tell what a model needs and which boards it fits."),
    "train": ("project", "Train, prune and quantise the project's model."),
    "evaluate": ("project", "Judge the float, int8 and host C models on the test split."),
    "compile": ("compile", "Compile a model to C."),
    "generate": ("compile", "Write the firmware project for a board."),
    "build": ("compile", "Build the firmware image."),
    "export": ("handoff", "Write the inference library for other build systems."),
    "handoff": ("handoff", "Write one folder, and a zip, for an embedded engineer."),
    "flash": ("board", "Flash the image and ask the board who it is."),
    "monitor": ("monitor", "Show boards' metrics as they come, and keep them."),
    "dashboard": ("dashboard", "Show boards and their history in the browser, and to Prometheus."),
    "replay": ("replay", "Replay recorded samples to a board as if its sensor had read them."),
    "capture": ("capture", "Keep labelled raw samples from a board, which must allow it."),
    "deploy": ("board", "Walk the whole road, from data to metrics of the board."),
    "retrain": ("capture", "Train with captured samples, and deploy what is better."),
    "profile": ("profile", "Tell what each layer of an inference takes, and how it is computed."),
    "verify": ("measure", "Prove that a board computes what the reference computes."),
    "ports": ("ports", "List the serial ports, and the boards they could be."),
    "reset": ("ports", "Restart a board, into its bootloader where asked."),
    "boards": ("boards", "List the boards, show one, write your own."),
    "doctor": ("doctor", "Tell which tools are there, and what installs the others."),
}


class LazyGroup(click.Group):
    """Imports a command's module only when the command is run or asked for its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"tinyflow.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            close = near_miss(args[0], COMMANDS)
            hint = f" Did you mean {close}?" if close else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tinyflow")
def tinyflow() -> None:
    """Machine learning on microcontrollers, from data to a metric row.

    Every command does what must come before it and takes from the cache what has not changed.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status.

    0 done; 1 a finding (verify, retrain) or a bug; 2 fix the project or the command; 3 change the
    model; 4 install or repair a tool; 5 look at the board; 130 interrupted.
    """
    try:
        status = tinyflow.main(
            args=list(arguments) if arguments is not None else None,
            prog_name="tinyflow",
            standalone_mode=False,
        )
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            "interrupted: finished stages are kept, the same command goes on from there", err=True
        )
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): there is nobody left to tell.
        sys.stderr.close()
        return 0
    return status if isinstance(status, int) else 0
