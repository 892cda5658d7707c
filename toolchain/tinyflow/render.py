"""The one place that fills templates.

A context is a dataclass; its fields are the template's variables. A variable that is missing is
an error, never an empty string.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tinyflow import paths
from tinyflow.errors import ProjectError


def render(template: str, context: Any, folders: Sequence[Path] = ()) -> str:
    """The template's text with the fields of the dataclass `context` filled in.

    `template` is a path below `templates/`; a user's own `folders` come first.
    """
    import jinja2

    places = [*folders, paths.data_folder("templates")]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([str(place) for place in places]),
        undefined=jinja2.StrictUndefined,
        autoescape=template.endswith(".html.j2"),
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    values = {f.name: getattr(context, f.name) for f in dataclasses.fields(context)}
    try:
        return environment.get_template(template).render(values)
    except jinja2.TemplateNotFound as error:
        looked = [f"looked in {place}" for place in places]
        raise ProjectError(f"template {error.name} is missing", looked) from None
    except jinja2.TemplateError as error:
        raise ProjectError(f"template {template} cannot be filled: {error}") from None


def cmake_languages(sources: Iterable[str]) -> str:
    """The languages of a CMake project with these files: CMake looks for a compiler of each."""
    return "C ASM" if any(source.endswith(".S") for source in sources) else "C"
