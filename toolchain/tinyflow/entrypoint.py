"""A project's own Python, named as `file.py:function` in tinyflow.toml.

It is run in a worker, never in the process of the command line.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tinyflow.errors import ProjectError, near_miss


def is_entrypoint(text: str) -> bool:
    """Whether `text` has the form `file.py:function`."""
    file, colon, function = text.rpartition(":")
    return bool(colon) and file.endswith(".py") and function.isidentifier()


def source_file(entrypoint: str, project_folder: Path) -> Path:
    """The file of `entrypoint`. Raises ProjectError when there is none."""
    path = project_folder / entrypoint.rpartition(":")[0]
    if not path.is_file():
        raise ProjectError(f"{entrypoint}: there is no file {path}")
    return path


def source_sha256(project_folder: Path) -> str:
    """The hash of all Python files of the project: a function may import its neighbours."""
    digest = hashlib.sha256()
    for path in sorted(project_folder.rglob("*.py")):
        inside = path.relative_to(project_folder)
        if path.is_file() and not any(part.startswith(".") for part in inside.parts):
            digest.update(inside.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def call(entrypoint: str, project_folder: Path, *arguments: Any) -> Any:
    """What the project's function returns.

    It runs with the project's folder as the current one and on the module path. Raises
    ProjectError when the file or the function is missing, or the function raises.
    """
    path = source_file(entrypoint, project_folder)
    name = entrypoint.rpartition(":")[2]
    with _inside(project_folder):
        try:
            # A name of its own: a project's `random.py` must not replace the standard one.
            module_name = f"tinyflow_project_{path.stem}"
            spec = importlib.util.spec_from_file_location(module_name, path)
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[module_name] = module
            spec.loader.exec_module(module)
            function = getattr(module, name, None)
            if function is None:
                raise _missing(path, name, module)
            return function(*arguments)
        except ProjectError:
            raise
        except Exception as error:
            raise _raised(entrypoint, path, error) from None


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path.remove(str(folder))


def _missing(path: Path, name: str, module: Any) -> ProjectError:
    known = [key for key, value in vars(module).items() if callable(value)]
    close = near_miss(name, known)
    return ProjectError(
        f"{path} has no function {name}" + (f", did you mean {close}?" if close else "")
    )


def _raised(entrypoint: str, path: Path, error: Exception) -> ProjectError:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename) == path]
    detail = [f"{path}:{frame.lineno}: {frame.line}" for frame in own]
    if isinstance(error, SyntaxError):
        detail.append(f"{error.filename}:{error.lineno}: {(error.text or '').strip()}")
    return ProjectError(f"{entrypoint} raised {type(error).__name__}: {error}", detail)
