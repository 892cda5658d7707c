"""What all tests share: golden files, the texts that people read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tinyflow import reference

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Rewrite the golden files with what is found."
    )


@pytest.fixture(scope="session")
def reference_interpreter() -> None:
    """Installs the reference interpreter; a skip where it has no release for this Python."""
    if not reference.released():
        pytest.skip("the reference interpreter has no release for this Python")
    reference.install_reference()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with a file below tests/golden; --update-golden rewrites the file."""
    update = bool(request.config.getoption("--update-golden"))

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.is_file(), f"{file} is missing: run pytest --update-golden and read the diff"
        assert text == file.read_text(encoding="utf-8")

    return check
