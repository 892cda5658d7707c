"""A walk takes what the project brings: its own boards, its own templates."""

from pathlib import Path

import pytest

from tinyflow import pipeline
from tinyflow.errors import ProjectError

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "tests" / "models" / "digits.tflite"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tinyflow.toml").write_text(
        'name = "demo"\nboard = "native"\n[dataset]\nsource = "digits"\n'
    )
    return tmp_path


def test_a_projects_template_comes_before_tinyflows(project: Path) -> None:
    own = project / "templates" / "model" / "model.h.j2"
    own.parent.mkdir(parents=True)
    theirs = (ROOT / "templates" / "model" / "model.h.j2").read_text()
    for mark in ("first", "second"):
        own.write_text(f"/* our own, {mark} */\n{theirs}")
        compiled = pipeline.start(model=DIGITS, folder=project).compiled()
        header = (compiled.path / "include" / "digits.h").read_text()
        assert header.startswith(f"/* our own, {mark} */")


def test_a_broken_template_is_an_error_of_the_project(project: Path) -> None:
    own = project / "templates" / "firmware" / "main.c.j2"
    own.parent.mkdir(parents=True)
    own.write_text("{{ no_such_field }}")
    with pytest.raises(ProjectError, match=r"template firmware/main\.c\.j2 cannot be filled"):
        pipeline.start(model=DIGITS, folder=project).firmware()


def test_the_projects_board_is_the_default_and_its_boards_come_first(project: Path) -> None:
    walk = pipeline.start(folder=project)
    assert walk.require_board().name == "native"
    text = (ROOT / "boards" / "native.toml").read_text()
    (project / "boards").mkdir()
    (project / "boards" / "native.toml").write_text(text.replace('title = "', 'title = "my '))
    assert pipeline.start(folder=project).require_board().title.startswith("my ")


def test_a_walk_asks_each_stage_once(project: Path) -> None:
    walk = pipeline.start(model=DIGITS, folder=project)
    assert walk.compiled() is walk.compiled()


def test_seed_of_the_command_goes_before_the_projects(project: Path) -> None:
    assert pipeline.start(folder=project).seed == 1
    assert pipeline.start(folder=project, seed=9).seed == 9


def test_without_project_model_and_board_the_error_says_what_to_name(tmp_path: Path) -> None:
    walk = pipeline.start(folder=tmp_path)
    with pytest.raises(ProjectError, match="no board was named"):
        walk.compiled()
    with pytest.raises(ProjectError, match=r"no tinyflow\.toml"):
        walk.dataset()
