"""Arrays from an .npz of somebody else's: nothing in it is unpickled."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

# What opening a damaged file, or reading an array from it, can raise; a file that is not there or
# cannot be read is an OSError too. A name that is not in it is a KeyError.
DAMAGE = (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)


@contextmanager
def opened(path: Path) -> Iterator[np.lib.npyio.NpzFile]:
    """The arrays of an .npz by name, read when they are asked for. Raises what DAMAGE lists."""
    with path.open("rb") as stream, np.lib.npyio.NpzFile(stream) as arrays:
        yield arrays
