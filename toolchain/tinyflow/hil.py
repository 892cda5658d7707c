"""pytest plugin `tinyflow`: tests on boards, emulated boards and this machine alike.

It is loaded for everyone who has tinyflow installed, so it imports pytest and nothing else before
a test or an option of its own is used.
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Any, TypeVar

    from tinyflow.compiler.host import HostModel
    from tinyflow.rig import Baseline, Bench, Dut, Firmware, Place, Verdict

    T = TypeVar("T")

# What is remembered with the run and with each test.
_BENCH: pytest.StashKey[Bench] = pytest.StashKey()
_BASELINE: pytest.StashKey[Baseline] = pytest.StashKey()
_VERDICTS: pytest.StashKey[list[Verdict]] = pytest.StashKey()

MARKERS = (
    "tf_board(*names): run only on boards that have one of these names or profiles",
    "tf_requires(*capabilities): run only on boards that have all of these",
    "tf_reset: restart the board before the test",
)
# Its name, and what it is, of each setting that an ini file may have too.
SETTINGS = (
    ("tf_hardware_map", "YAML file of the boards there are, by USB serial number"),
    ("tf_model", "the .tflite that boards run"),
    ("tf_project", "the folder of the project (tinyflow.toml) that boards run"),
    ("tf_baseline", "JSON file with the figures of earlier runs; worse ones fail"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, all of which begin with --tf-."""
    group = parser.getgroup("tinyflow", "boards that run models (tinyflow)")
    group.addoption(
        *("--tf-board", "--tf-boards"),
        action="append",
        metavar="NAME",
        help="a board to test on: a name in the hardware map, or a profile; may be repeated",
    )
    group.addoption("--tf-port", metavar="PORT", help="the port of the one board")
    group.addoption("--tf-baud", metavar="RATE", type=int, help="its baud rate")
    for name, text in SETTINGS:
        option = "--" + name.replace("_", "-")
        group.addoption(option, metavar="PATH", help=text)
        parser.addini(name, text, default="")
    group.addoption("--tf-no-flash", action="store_true", help="leave on the boards what is there")
    group.addoption("--tf-reset", action="store_true", help="restart the board before each test")
    group.addoption("--tf-strict", action="store_true", help="a missing board is a failure")
    renews = "write there the figures of tests that pass"
    group.addoption("--tf-update-baseline", action="store_true", help=renews)
    parser.addini("tf_board", "boards to test on, where --tf-board names none", "args", [])
    parser.addini("tf_strict", "as --tf-strict", "bool", False)
    parser.addini("tf_reset", "as --tf-reset", "bool", False)


def pytest_configure(config: pytest.Config) -> None:
    """Tell of the markers, and of options that cannot be."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    option = config.option
    _check_root(config)
    if option.tf_update_baseline and not _path(config, "tf_baseline"):
        raise pytest.UsageError("--tf-update-baseline needs --tf-baseline FILE")
    if option.tf_board or option.tf_hardware_map or option.tf_port or option.tf_baud is not None:
        _usable(config, _bench)
    if option.tf_baseline:
        _usable(config, _baseline)
    if _path(config, "tf_baseline") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Figures(config), "tinyflow-figures")


def _check_root(config: pytest.Config) -> None:
    """Refuse an option whose path, after a space, has led pytest away from its ini file.

    pytest looks for that before it knows the options of plugins, and takes the path for tests.
    """
    import itertools

    here, given = config.invocation_params.dir, list(config.invocation_params.args)
    found = config.inipath is not None and config.rootpath in (here, *here.parents)
    if found or config.option.rootdir or config.option.inifilename:
        return
    paths = ("--tf-port", *(f"--{name.replace('_', '-')}" for name, _ in SETTINGS))
    for option, value in itertools.pairwise(given):
        place = here / value
        if option in paths and place.exists() and here not in (place, *place.parents):
            text = f"write {option}={value}: after a space it moves pytest's root"
            raise pytest.UsageError(f"{text} to {config.rootpath}")


def _usable(config: pytest.Config, make: Callable[[pytest.Config], Any]) -> None:
    from tinyflow.errors import TinyflowError

    try:
        make(config)
    except TinyflowError as error:
        raise pytest.UsageError(str(error)) from None


def _told(work: Callable[[], T]) -> T:
    """What `work` returns. Its error is shown as its text: the way to it is tinyflow's own."""
    from tinyflow.errors import TinyflowError

    try:
        return work()
    except TinyflowError as error:
        text = str(error)
    pytest.fail(text, pytrace=False)


def _path(config: pytest.Config, name: str) -> Path | None:
    """A setting: the option, below the folder pytest runs in, else the ini file's, below that."""
    given: str = config.getoption(name) or ""
    if given:
        return config.invocation_params.dir / given
    kept: str = config.getini(name)
    home = config.inipath.parent if config.inipath is not None else config.rootpath
    return home / kept if kept else None


def _flag(config: pytest.Config, name: str) -> bool:
    return bool(config.getoption(name) or config.getini(name))


def _bench(config: pytest.Config) -> Bench:
    """The boards of this run. Raises ProjectError where what was asked for cannot be."""
    if _BENCH not in config.stash:
        import uuid

        from tinyflow.rig import Bench, Request, Terms, Wanted

        boards = config.getoption("tf_board") or config.getini("tf_board")
        port, baud = config.getoption("tf_port"), config.getoption("tf_baud")
        worker = getattr(config, "workerinput", {})
        terms = Terms(
            folder=config.rootpath,
            model=_path(config, "tf_model"),
            project=_path(config, "tf_project"),
            no_flash=config.getoption("tf_no_flash"),
            run=worker.get("testrunuid") or uuid.uuid4().hex,
            shared=bool(worker),
            worker=worker.get("workerid", "main"),
        )
        wanted = Wanted(tuple(boards), port or "", baud)
        request = Request(wanted, terms, _path(config, "tf_hardware_map"))
        config.stash[_BENCH] = Bench(request)
    return config.stash[_BENCH]


def _baseline(config: pytest.Config) -> Baseline | None:
    path = _path(config, "tf_baseline")
    if path is None:
        return None
    if _BASELINE not in config.stash:
        from tinyflow.rig import load_baseline

        config.stash[_BASELINE] = load_baseline(path)
    return config.stash[_BASELINE]


# Which test runs on which boards


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that uses a board runs once on each that was asked for and that it can run on."""
    if "tf_board" not in metafunc.fixturenames:
        return
    definition, config = metafunc.definition, metafunc.config
    marks = list(definition.iter_markers("tf_board"))
    required = [name for mark in definition.iter_markers("tf_requires") for name in mark.args]
    bench = _told(lambda: _bench(config))
    places: Sequence[Place] = bench.places
    for mark in marks:
        places = [place for place in places if place in bench.matching(mark.args)]
    lacking = [text for place in places if (text := place.lacks(required))]
    places = [place for place in places if not place.lacks(required)]
    if places:
        values = [pytest.param(one, id=one.name, marks=_group(config, one)) for one in places]
    else:
        reason, missing = _why_none(bench, [name for mark in marks for name in mark.args], lacking)
        values = [pytest.param(_Nowhere(reason, missing), id="no-board")]
    metafunc.parametrize("tf_board", values, indirect=True, scope="session")


class _Nowhere:
    """In place of a board where there is none; `missing`: not because of the test."""

    def __init__(self, reason: str, missing: bool) -> None:
        self.reason = reason
        self.missing = missing


def _why_none(bench: Bench, names: list[str], lacking: list[str]) -> tuple[str, bool]:
    if not bench.places:
        return "no board was named: --tf-board NAME or --tf-hardware-map FILE", True
    if lacking:
        return "; ".join(lacking), False
    asked = ", ".join(place.name for place in bench.places)
    return f"for {' or '.join(names)}, this run has {asked}", False


def _group(config: pytest.Config, place: Place) -> Sequence[pytest.MarkDecorator]:
    """With --dist loadgroup, all tests of a real board go to one worker."""
    if place.started or not config.pluginmanager.hasplugin("xdist"):
        return ()
    return (pytest.mark.xdist_group(f"tinyflow-{place.name}"),)


# Fixtures


@pytest.fixture(scope="session")
def tf_board(request: pytest.FixtureRequest) -> Place:
    """The board of this test: its name in the rig, profile and capabilities."""
    if not hasattr(request, "param"):
        pytest.fail("a test names tf_dut, or what uses it, among its arguments", pytrace=False)
    found: Place | _Nowhere = request.param
    strict = _flag(request.config, "tf_strict")
    if isinstance(found, _Nowhere):
        if strict and found.missing:
            pytest.fail(found.reason, pytrace=False)
        pytest.skip(found.reason)
    absent = found.absent()
    if absent and strict:
        pytest.fail(absent, pytrace=False)
    if absent:
        pytest.skip(absent.splitlines()[0])
    return found


@pytest.fixture(scope="session")
def tf_firmware(request: pytest.FixtureRequest, tf_board: Place) -> Firmware:
    """What is built for the board and put there: image, model, hashes, sizes in bytes."""
    return _told(lambda: _bench(request.config).seat(tf_board).firmware)


@pytest.fixture(scope="session")
def tf_host(request: pytest.FixtureRequest, tf_board: Place) -> HostModel:
    """The same model on this machine: what it computes, every board computes."""
    return _told(_bench(request.config).seat(tf_board).host)


@pytest.fixture
def tf_dut(request: pytest.FixtureRequest, tf_board: Place) -> Iterator[Dut]:
    """The board, connected, with the model on it; flashed once in a run."""
    seat = _bench(request.config).seat(tf_board)
    fresh = request.node.get_closest_marker("tf_reset") or _flag(request.config, "tf_reset")
    try:
        dut = _told(lambda: seat.begin(fresh=bool(fresh)))
        yield dut
        # Not by record_property, which warns of a file that nobody may have asked for.
        request.node.user_properties += [(f"tf_{k}", v) for k, v in seat.figures(dut).items()]
    finally:
        seat.end()


@pytest.fixture
def tf_link_faults(tf_dut: Dut) -> Callable[..., Any]:
    """`with tf_link_faults(rate=1e-3, seed=1) as line:` goes on over a line that damages bytes.

    It is `tf_dut.faulty_line`: `line.faults` counts them, `line.cut()` pulls the cable out once.
    """
    return tf_dut.faulty_line


@pytest.fixture
def tf_record(request: pytest.FixtureRequest, tf_board: Place) -> Callable[..., None]:
    """`tf_record(name, value, unit="", better="less", tolerance=0.0)`: a figure of this test.

    It is a property of the test in --junitxml. With --tf-baseline the test fails where the figure
    is worse than the kept one by more than `tolerance`, a share; `better` is less, more or same.
    """
    from tinyflow.rig import Figure

    node = request.node
    baseline = _told(lambda: _baseline(request.config))
    verdicts = node.stash[_VERDICTS] = []  # a test that is run again begins anew

    def record(
        name: str, value: float, unit: str = "", *, better: Any = "less", tolerance: float = 0.0
    ) -> None:
        test = _test_name(node, tf_board)
        figure = Figure(test, tf_board.profile.name, name, value, unit, better, tolerance)
        node.user_properties.append((name, figure.as_json()["value"]))
        if baseline is not None:
            verdicts.append(baseline.judge(figure))

    return record


def _test_name(item: pytest.Function, place: Place) -> str:
    """The test's id without the board, and without what xdist's loadgroup adds."""
    import re

    before = item.nodeid[: item.nodeid.rindex(item.name)] + item.originalname
    parameters = item.name.removeprefix(item.originalname)[1:-1]
    pattern = rf"^{place.name}(-|$)|-{place.name}(?=-|$)"
    rest = re.sub(pattern, "", parameters, count=1)
    return f"{before}[{rest}]" if rest else before


# What a test leaves


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """After a test that passed: its figures must not be worse than the baseline's.

    With --tf-strict they must be in it, so that no gate is lost with a test's name.
    """
    if item.config.getoption("tf_update_baseline"):
        return
    verdicts = item.stash.get(_VERDICTS, [])
    wrong = [str(verdict) for verdict in verdicts if verdict.kind == "worse"]
    if _flag(item.config, "tf_strict"):
        wrong += [str(verdict) for verdict in verdicts if verdict.kind == "new"]
    if wrong:
        count = f"{len(wrong)} figures do" if len(wrong) > 1 else "a figure does"
        pytest.fail("\n  ".join([f"{count} not hold the baseline", *wrong]), pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A test that failed shows what its board said; one that passed hands on its figures."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if _BENCH not in item.config.stash:
        return
    callspec = getattr(item, "callspec", None)
    place = callspec.params.get("tf_board") if callspec is not None else None
    if report.failed and place is not None and not isinstance(place, _Nowhere):
        said = _bench(item.config).seat(place).said()
        if said:
            report.sections.append((f"board {place.name} said", said))
    if report.when == "call" and report.passed and _VERDICTS in item.stash:
        report.tf_figures = [
            {"kind": verdict.kind, "text": str(verdict), "figure": verdict.figure.as_json()}
            for verdict in item.stash[_VERDICTS]
        ]


class _Figures:
    """The figures of all tests that passed, of all workers; in the process that reports."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._told: list[dict[str, Any]] = []
        self._fault = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._told += getattr(report, "tf_figures", [])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the baseline, where that is asked for."""
        if not self._told or not self._config.option.tf_update_baseline:
            return
        from tinyflow.errors import TinyflowError
        from tinyflow.rig import Figure, save_baseline

        try:
            baseline, path = _baseline(self._config), _path(self._config, "tf_baseline")
            assert baseline is not None and path is not None
            figures = [Figure(**told["figure"]) for told in self._told]
            save_baseline(path, baseline.merged(figures))
        except TinyflowError as error:
            self._fault = str(error)
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which figures the baseline does not have yet, or has worse."""
        kept = self._config.option.tf_update_baseline
        lines = sorted(told["text"] for told in self._told if told["kind"] in ("new", "better"))
        if lines or (kept and self._told):
            terminalreporter.write_sep("=", "tinyflow figures")
            for line in lines:
                terminalreporter.write_line(line)
            path, count = _path(self._config, "tf_baseline"), len(self._told)
            are = "figure is" if count == 1 else "figures are"
            done = f"{count} {are} in {path} now"
            advice = "--tf-update-baseline writes them to the baseline"
            terminalreporter.write_line(self._fault or (done if kept else advice))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give all boards back."""
    if _BENCH in config.stash:
        config.stash[_BENCH].close()
        del config.stash[_BENCH]
