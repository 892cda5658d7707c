"""`ports` and `reset`."""

from __future__ import annotations

from typing import Any

import click

from tinyflow.cli import options
from tinyflow.cli.output import facts, prints, table


def _show_ports(result: dict[str, Any]) -> None:
    if "hardware_map" in result:
        click.echo(result["hardware_map"], nl=False)
        return
    if not result["ports"]:
        click.echo("this machine has no serial ports")
        return
    rows = [
        (
            port["path"],
            _usb(port),
            port["description"] if port["description"] != "n/a" else "",
            ", ".join(port["boards"]),
            _state(port),
        )
        for port in result["ports"]
    ]
    table(("port", "USB", "what it is", "could be board", "state"), rows)


def _usb(port: dict[str, Any]) -> str:
    if port["vendor"] is None or port["product"] is None:
        return ""
    ids = f"{port['vendor']:04X}:{port['product']:04X}"
    return f"{ids}:{port['serial']}" if port["serial"] else ids


def _state(port: dict[str, Any]) -> str:
    if port["held_by"]:
        who = ", ".join(f"{item['program']} (pid {item['pid']})" for item in port["held_by"])
        return f"in use by {who}"
    return "free" if port["allowed"] else "this user may not open it"


@click.command()
@click.option(
    "--hardware-map", "as_map", is_flag=True, help="Print the boards as a hardware map for rigs."
)
@prints(_show_ports)
def ports(as_map: bool) -> dict[str, Any]:
    """List the serial ports, and the boards they could be.

    With their USB ids, which also name a port (--port 10C4:EA60:0001), and who has them open.
    """
    from tinyflow.pipeline import ports as serial_ports

    found = serial_ports.listing()
    if as_map:
        return {"ports": found, "hardware_map": serial_ports.hardware_map(found)}
    return {"ports": found}


def _show_reset(result: dict[str, Any]) -> None:
    how = {"lines": "the port's lines (DTR, RTS)", "firmware": "asking its firmware"}
    facts(
        [
            ("board", result["board"]),
            ("reset by", how[result["by"]]),
            ("into", "its bootloader" if result["bootloader"] else "its firmware"),
            ("seen to", result["confirmed"]),
            ("port", result["port"] or "none: this bootloader has no serial port"),
        ]
    )


@click.command()
@options.board
@options.port
@click.option("--bootloader", is_flag=True, help="Into the bootloader instead of the firmware.")
@prints(_show_reset)
def reset(board: str | None, port: str | None, bootloader: bool) -> dict[str, Any]:
    """Restart a board, into its bootloader where asked.

    Waits until it is there again: a port that is the board's own USB may get another name.
    Done by DTR and RTS where the board's profile says how they are wired, else by asking the
    firmware.
    """
    from tinyflow import pipeline
    from tinyflow.pipeline import ports as serial_ports

    return serial_ports.reset(pipeline.start(board=board), port, bootloader)
