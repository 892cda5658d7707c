"""tinyflow.toml: everything wrong with it is said at once, with the near miss."""

from pathlib import Path

import pytest

from tinyflow.config import load_project
from tinyflow.errors import ProjectError

GOOD = 'name = "demo"\n[dataset]\nsource = "digits"\n'


def write(folder: Path, text: str) -> Path:
    (folder / "tinyflow.toml").write_text(text, encoding="utf-8")
    return folder


def test_defaults_and_finding_it_from_below(tmp_path: Path) -> None:
    inside = write(tmp_path, GOOD) / "a" / "b"
    inside.mkdir(parents=True)
    project = load_project(inside)
    assert project.folder == tmp_path
    assert project.config.training.model == "ds_cnn"
    assert project.config.pruning.method == "none"


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        (GOOD + 'surce = "x"\n', ["dataset.surce: unknown key, did you mean source?"]),
        ('nam = "x"\n' + GOOD, ["nam: unknown key, did you mean name?"]),
        ('name = "demo"\n', ["dataset: missing"]),
        (
            GOOD + '[training]\nepochs = "ten"\nmodle = "x"\n',
            ["training.epochs: ", "found 'ten'", "training.modle: unknown key"],
        ),
        (GOOD + "[training]\nepochs = 0\n", ["training.epochs: ", "found 0"]),
        (GOOD + '[pruning]\nmethod = "magic"\n', ["pruning.method: ", "'channels'", "'magic'"]),
        (GOOD + "validation = 0.6\ntest = 0.5\n", ["must be under 1, found 0.6 + 0.5"]),
        (GOOD.replace("demo", "9 lives"), ["name: must be a C identifier, found '9 lives'"]),
        (GOOD + '[compile]\noptimize = "sped"\n', ["compile.optimize: ", "'speed'", "'sped'"]),
        (
            GOOD + '[compile]\nlayers = { conv = "winograd" }\n',
            ["compile.layers: keys are numbers of nodes, found 'conv'"],
        ),
        (
            GOOD + "[drift]\nwindow = 15\n",
            ["drift.window: must be 0 or at least 16, found 15"],
        ),
        ("name = \n", ["is not valid TOML"]),
        ("[" * 5000, ["is not valid TOML"]),
    ],
)
def test_bad_files(tmp_path: Path, text: str, findings: list[str]) -> None:
    write(tmp_path, text)
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path)
    for finding in findings:
        assert finding in str(caught.value)
    assert caught.value.exit_code == 2


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "tinyflow.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProjectError, match="not UTF-8"):
        load_project(tmp_path)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    write(tmp_path, "#" * (1 << 21))
    with pytest.raises(ProjectError, match="the limit is 1048576 B"):
        load_project(tmp_path)


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no tinyflow\.toml in .* or above") as caught:
        load_project(tmp_path)
    assert "tinyflow init digits" in str(caught.value)
