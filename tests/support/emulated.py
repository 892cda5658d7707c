"""Boards as they run on this machine, whatever their default runner is."""

from tinyflow.boards import BoardProfile, load_board


def load_emulated(name: str) -> BoardProfile:
    """The profile of board `name` with the runner that needs no hardware."""
    board = load_board(name)
    return board.for_runner(board.runner if board.emulated else "qemu")
